// Values as JSON text that reads back as exactly the same value, and that people can read in the database.
#pragma once

#include <string>
#include <string_view>

#include "platform/base/result.hpp"
#include "platform/base/value.hpp"

namespace sundial::sqlite {

// What JSON can't tell apart is an object with one member: {"$verbatim": text}, {"$bytes": base64},
// {"$uint": digits}, {"$double": "NaN"}, {"$time": [seconds, nanos]}, {"$span": [seconds, nanos]},
// {"$type": name}, {"$map": [[key, value], …]} for a map whose keys are no plain names, {"$deep": text} for
// what lies very deep.
std::string value_to_text(const Value& value);
Result<Value> value_from_text(std::string_view text);

}  // namespace sundial::sqlite
