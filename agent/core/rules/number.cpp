// Exact comparison over int and double.
#include "agent/core/rules/number.hpp"

#include <cmath>
#include <limits>

namespace sundial::rules {
namespace {

constexpr double kIntLimit = 9223372036854775808.0;  // 2^63

// -1, 0, 1 for an int against a double that is no NaN.
int compare(std::int64_t left, double right) {
  if (right >= kIntLimit) return -1;
  if (right < -kIntLimit) return 1;
  const double floor = std::floor(right);
  const auto whole = static_cast<std::int64_t>(floor);
  if (left != whole) return left < whole ? -1 : 1;
  return right > floor ? -1 : 0;
}

}  // namespace

std::optional<Number> Number::of(const Value& value) {
  if (const auto* integer = value.get_if<std::int64_t>()) return Number(*integer);
  if (const auto* real = value.get_if<double>()) {
    return std::isnan(*real) ? std::nullopt : std::optional(Number(*real));
  }
  if (const auto* natural = value.get_if<std::uint64_t>()) {
    constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    return *natural <= kMost ? Number(static_cast<std::int64_t>(*natural))
                             : Number(static_cast<double>(*natural));
  }
  return std::nullopt;
}

bool operator<(const Number& left, const Number& right) {
  if (left.whole_ && right.whole_) return left.integer_ < right.integer_;
  if (left.whole_) return compare(left.integer_, right.real_) < 0;
  if (right.whole_) return compare(right.integer_, left.real_) > 0;
  return left.real_ < right.real_;
}

}  // namespace sundial::rules
