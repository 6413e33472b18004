// How CEL compares values: numbers across their types, lists and maps by their members.
#pragma once

#include <compare>
#include <cstddef>

#include "platform/base/value.hpp"

namespace sundial::expression {

// CEL's ==: 1 == 1.0 == 1u, NaN equals nothing, values of other types are unequal. Exact also where a
// double can't hold the int. Values nested deeper than kMaxValueDepth are unequal.
bool equal(const Value& left, const Value& right);

// CEL's order, where there is one: numbers across types, text, bytes, bool, timestamps, durations.
std::partial_ordering compare(const Value& left, const Value& right);

// Equal values have equal hashes: for `unique` and `distinct`.
std::size_t hash(const Value& value);

bool is_number(const Value& value);
// The number as a double; 0 for what is no number.
double as_double(const Value& value);

// Roughly what the value takes in memory, in bytes, with everything in it.
std::size_t memory_of(const Value& value);

struct Equal {
  bool operator()(const Value& left, const Value& right) const { return equal(left, right); }
};
struct Hash {
  std::size_t operator()(const Value& value) const { return hash(value); }
};

}  // namespace sundial::expression
