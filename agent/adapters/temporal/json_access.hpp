// Reading what is needed out of an answer: a missing member is a default value, as in proto3's JSON.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "platform/base/time.hpp"
#include "platform/base/value.hpp"

namespace sundial::temporal {

using Path = std::initializer_list<std::string_view>;

const Value* at(const Value& value, Path path);
std::string text_at(const Value& value, Path path);
// 64-bit integers are strings in proto3's JSON, the others numbers.
std::optional<std::int64_t> integer_at(const Value& value, Path path);
std::optional<Instant> time_at(const Value& value, Path path);
std::optional<std::chrono::seconds> seconds_at(const Value& value, Path path);  // "86400s"
// The list, or an empty one.
const List& list_at(const Value& value, Path path);

}  // namespace sundial::temporal
