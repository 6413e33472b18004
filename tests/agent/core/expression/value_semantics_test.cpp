// Equality, order and hashes of values.
#include "agent/core/expression/value_semantics.hpp"

#include <limits>

#include <gtest/gtest.h>

#include "platform/json/json.hpp"

namespace sundial::expression {
namespace {

TEST(ValueSemantics, EqualsNumbersAcrossTheirTypes) {
  EXPECT_TRUE(equal(1, 1.0));
  EXPECT_TRUE(equal(std::uint64_t{1}, 1));
  EXPECT_FALSE(equal(1, 1.5));
  EXPECT_FALSE(equal(1, "1"));
  EXPECT_FALSE(equal(1, true));
  EXPECT_FALSE(equal(std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::quiet_NaN()));
  EXPECT_FALSE(equal(std::int64_t{9007199254740993}, 9007199254740992.0));
  EXPECT_FALSE(equal(std::int64_t{-1}, std::numeric_limits<std::uint64_t>::max()));
  EXPECT_TRUE(
      equal(*json::parse(R"([1, {"a": 2.0, "b": null}])"), *json::parse(R"([1.0, {"b": null, "a": 2}])")));
  EXPECT_FALSE(equal(*json::parse(R"({"a": 1})"), *json::parse(R"({"b": 1})")));
}

TEST(ValueSemantics, OrdersWhatHasAnOrder) {
  EXPECT_TRUE(compare(1, 1.5) < 0);
  EXPECT_TRUE(compare(std::uint64_t{1}, -1) > 0);
  EXPECT_TRUE(compare("a", "b") < 0);
  EXPECT_TRUE(compare(false, true) < 0);
  EXPECT_TRUE(compare(Timestamp{1, 5}, Timestamp{1, 6}) < 0);
  EXPECT_EQ(compare(1, "1"), std::partial_ordering::unordered);
  EXPECT_EQ(compare(Null{}, Null{}), std::partial_ordering::unordered);
}

TEST(ValueSemantics, HashesEqualValuesAlike) {
  constexpr double two63 = 9223372036854775808.0;
  const std::vector<std::pair<Value, Value>> same{
      {1, 1.0},
      {-5, -5.0},
      {0, -0.0},
      {std::uint64_t{7}, 7},
      {std::numeric_limits<std::int64_t>::max(), two63},
      {std::uint64_t{1} << 63U, two63},
      {std::numeric_limits<std::uint64_t>::max(), 2 * two63},
      {std::numeric_limits<std::int64_t>::min(), -two63},
      {*json::parse(R"({"a": 1, "b": [2.0]})"), *json::parse(R"({"b": [2], "a": 1.0})")}};
  for (const auto& [left, right] : same) {
    EXPECT_TRUE(equal(left, right)) << json::write(left) << " and " << json::write(right);
    EXPECT_EQ(hash(left), hash(right)) << json::write(left) << " and " << json::write(right);
  }
  EXPECT_NE(hash(1), hash("1"));
  EXPECT_NE(hash(*json::parse("[1,2]")), hash(*json::parse("[2,1]")));
}

TEST(ValueSemantics, EstimatesMemory) {
  EXPECT_EQ(memory_of(1), sizeof(Value));
  EXPECT_GT(memory_of(std::string(100, 'x')), sizeof(Value) + 99);
  EXPECT_GT(memory_of(*json::parse("[1,2,3]")), 3 * sizeof(Value));
}

}  // namespace
}  // namespace sundial::expression
