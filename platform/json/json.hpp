// JSON text to Value and back, bounded in size and depth, exact in its numbers.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "platform/base/result.hpp"
#include "platform/base/value.hpp"

namespace sundial::json {

// Deeper documents are refused before a tree is built, so that nothing that walks a Value can
// overflow the stack.
inline constexpr std::size_t kMaxDepth = 100;

// A number without fraction and exponent that fits signed 64 bits is an int, any other a double;
// one beyond a double is an error. The last of members with one name counts, in its first place.
// ErrorKind::invalid: this is no JSON. ErrorKind::exhausted: it may be JSON, but it is too deep or
// holds a number that can't be kept.
Result<Value> parse(std::string_view text);

// The same, but of an object only these members are kept: what nobody asks for costs no allocation.
Result<Value> parse_members(std::string_view text, std::span<const std::string> members);

// One line without blanks. A double always has a fraction or an exponent (21.0), the shortest that
// reads back as the same; NaN and the infinities are the strings "NaN", "Infinity", "-Infinity";
// bytes are base64; a timestamp is RFC 3339 with as many digits as needed, a duration "1.5s", a
// type its name; map keys that are no text are written as text; text that is not UTF-8 has its bad
// bytes replaced; Verbatim is written as it is.
std::string write(const Value& value);

// The same over several lines, two blanks a level, for people.
std::string write_pretty(const Value& value);

// A JSON string literal of the text.
std::string quote(std::string_view text);

}  // namespace sundial::json
