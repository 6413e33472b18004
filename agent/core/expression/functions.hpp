// The functions of the language: conversions, texts and the parts of times.
#pragma once

#include <span>

#include "agent/core/expression/machine.hpp"

namespace sundial::expression {

// `arguments`: the receiver first where it was called as a method; none of them is an error.
Operand call(Machine& machine, Function function, std::span<const Operand> arguments);

// Parts of times (times.cpp).
Operand part_of_time(Machine& machine, Function part, std::span<const Operand> arguments);
// RFC 3339 with up to nine digits of the second; years 1 to 9999.
std::optional<Timestamp> parse_timestamp(std::string_view text);
// Go's form: 1h30m, -1.5s, 90s, 250ms, 1us, 1ns.
std::optional<TimeSpan> parse_span(std::string_view text);
// Within the years 1 to 9999.
bool is_valid(Timestamp timestamp);
// A span is kept within what 64 bits of nanoseconds hold, as in CEL's own engines.
std::optional<TimeSpan> span_of_nanos(std::int64_t seconds, std::int64_t nanos);
// "+02:00", "-02:30", "02:00": the offset, where the text is one.
std::optional<std::chrono::seconds> fixed_offset(std::string_view text);

// As the language's own string() writes it: shortest, 1e+06 from a million on.
std::string text_of_double(double number);

}  // namespace sundial::expression
