// Number: an int or a double of a payload with its type, compared exactly.
#pragma once

#include <cstdint>
#include <optional>

#include "platform/base/value.hpp"

namespace sundial::rules {

class Number {
 public:
  Number() = default;
  explicit Number(std::int64_t value) : whole_(true), integer_(value) {}
  explicit Number(double value) : whole_(false), real_(value) {}
  // Nothing for what is no number, NaN among it.
  static std::optional<Number> of(const Value& value);

  bool whole() const { return whole_; }
  std::int64_t integer() const { return integer_; }
  double real() const { return whole_ ? static_cast<double>(integer_) : real_; }
  Value value() const { return whole_ ? Value(integer_) : Value(real_); }

  friend bool operator<(const Number& left, const Number& right);
  friend bool operator==(const Number& left, const Number& right) {
    return !(left < right) && !(right < left);
  }

 private:
  bool whole_ = true;
  union {
    std::int64_t integer_ = 0;
    double real_;
  };
};

}  // namespace sundial::rules
