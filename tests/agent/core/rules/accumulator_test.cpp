// Aggregates: their types, their bounds, their merging and their bytes.
#include "agent/core/rules/accumulator.hpp"

#include <algorithm>
#include <cmath>
#include <random>

#include <gtest/gtest.h>

#include "platform/json/json.hpp"

namespace sundial::rules {
namespace {

constexpr Limits kLimits{};

// One aggregate by itself.
class Alone {
 public:
  explicit Alone(AccumulatorKind kind) : slot_{kind}, all_(std::span(&slot_, 1)) {}
  Accumulator operator*() const { return all_[0]; }

 private:
  Slot slot_;
  Accumulators all_;
};

Alone filled(AggregateKind kind, const List& values, const Limits& limits = kLimits,
             std::uint64_t order = 0) {
  Alone made(accumulator_of(kind));
  for (const Value& value : values) (*made).add(value, order++, limits);
  return made;
}

std::string result(AggregateKind kind, const std::string& json, Millis length = Millis{1000}) {
  return json::write((*filled(kind, *json::parse(json)->get_if<List>())).result(kind, length));
}

TEST(Accumulator, KeepsTypes) {
  EXPECT_EQ(result(AggregateKind::sum, "[1,3]"), "4");
  EXPECT_EQ(result(AggregateKind::sum, "[1,2.0]"), "3.0");
  EXPECT_EQ(result(AggregateKind::sum, "[9223372036854775807,-9]"), "9223372036854775798");
  EXPECT_EQ(result(AggregateKind::sum, "[9223372036854775807,1]"), "9223372036854775808.0");
  EXPECT_EQ(result(AggregateKind::sum, "[9223372036854775807,1,-1]"), "9223372036854775807");
  EXPECT_EQ(result(AggregateKind::sum, "[-9223372036854775808,-1,2]"), "-9223372036854775807");
  EXPECT_EQ(result(AggregateKind::sum, "[1e16,1.0,-1e16]"), "1.0");
  EXPECT_EQ(result(AggregateKind::avg, "[1,3]"), "2.0");
  EXPECT_EQ(result(AggregateKind::stddev, "[2,4,4,4,5,5,7,9]"), "2.0");
  EXPECT_EQ(result(AggregateKind::stddev, "[5]"), "0.0");
  EXPECT_EQ(result(AggregateKind::min, "[3,2.5,\"1\",true]"), "2.5");
  EXPECT_EQ(result(AggregateKind::max, "[3,2.5]"), "3");
  EXPECT_EQ(result(AggregateKind::first, "[null,1]"), "null");
  EXPECT_EQ(result(AggregateKind::last, "[1,\"x\"]"), "\"x\"");
  EXPECT_EQ(result(AggregateKind::list, "[1,[2]]"), "[1,[2]]");
  EXPECT_EQ(result(AggregateKind::count, "[true,false,null,0,\"\",[]]"), "4");
  EXPECT_EQ(result(AggregateKind::distinct, "[1,1.0,\"1\",[1],[1.0],{\"a\":1,\"b\":2},{\"b\":2,\"a\":1}]"),
            "4");
  EXPECT_EQ(result(AggregateKind::rate, "[1,2,3]", Millis{1500}), "2.0");
  EXPECT_EQ(result(AggregateKind::rate, "[1,2,3]", Millis{0}), "null");
}

TEST(Accumulator, OfNothing) {
  for (const AggregateKind kind : {AggregateKind::count, AggregateKind::sum, AggregateKind::distinct}) {
    EXPECT_EQ(result(kind, "[]"), "0");
  }
  EXPECT_EQ(result(AggregateKind::rate, "[]"), "0.0");
  EXPECT_EQ(result(AggregateKind::list, "[]"), "[]");
  for (const AggregateKind kind :
       {AggregateKind::avg, AggregateKind::min, AggregateKind::max, AggregateKind::first, AggregateKind::last,
        AggregateKind::p50, AggregateKind::stddev}) {
    EXPECT_EQ(result(kind, "[]"), "null");
  }
}

TEST(Accumulator, PercentilesByNearestRank) {
  EXPECT_EQ(result(AggregateKind::p50, "[15,20,35,40,50]"), "35");
  EXPECT_EQ(result(AggregateKind::p95, "[15,20,35,40,50]"), "50");
  EXPECT_EQ(result(AggregateKind::p50, "[4,1,3,2]"), "2");
  List hundred;
  for (int i = 1; i <= 100; ++i) hundred.push_back(i);
  EXPECT_EQ(json::write((*filled(AggregateKind::p95, hundred)).result(AggregateKind::p95, {})), "95");
  EXPECT_EQ(json::write((*filled(AggregateKind::p99, hundred)).result(AggregateKind::p99, {})), "99");
}

TEST(Accumulator, PercentilesOfManyAreWithinOnePercent) {
  std::mt19937_64 random(7);
  for (const double spread : {0.5, 3.0, 12.0}) {
    std::lognormal_distribution<double> draw(0, spread);
    std::vector<double> values;
    List list;
    for (int i = 0; i < 20'000; ++i) {
      values.push_back(i % 3 == 0 ? -draw(random) : draw(random));
      list.push_back(values.back());
    }
    const Alone alone(AccumulatorKind::quantiles);
    Accumulator whole = *alone;
    whole.merge(*filled(AggregateKind::p50, {list.begin(), list.begin() + 50}), kLimits);
    whole.merge(*filled(AggregateKind::p50, {list.begin() + 50, list.begin() + 9000}), kLimits);
    whole.merge(*filled(AggregateKind::p50, {list.begin() + 9000, list.end()}), kLimits);
    std::sort(values.begin(), values.end());
    for (const auto& [kind, share] : {std::pair{AggregateKind::p50, 0.5}, std::pair{AggregateKind::p95, 0.95},
                                      std::pair{AggregateKind::p99, 0.99}}) {
      const double exact = values[static_cast<std::size_t>(std::ceil(share * 20'000)) - 1];
      const double found = *whole.result(kind, {}).get_if<double>();
      EXPECT_NEAR(found, exact, std::fabs(exact) * 0.01) << spread;
    }
  }
}

TEST(Accumulator, ListsAndSetsStayWithinTheirLimits) {
  const Limits three{3, 1000};
  const Alone list = filled(AggregateKind::list, {1, 2, 3, 4}, three);
  EXPECT_EQ(json::write((*list).result(AggregateKind::list, {})), "[1,2,3]");
  EXPECT_TRUE((*list).truncated());
  const Alone exactly = filled(AggregateKind::list, {1, 2, 3}, three);
  EXPECT_TRUE((*exactly).full(three));
  EXPECT_FALSE((*exactly).truncated());
  // The value that reaches the limit is kept.
  const Alone bytes = filled(AggregateKind::list, {"aaa", "bbb", "ccc"}, Limits{100, 6});
  EXPECT_EQ(json::write((*bytes).result(AggregateKind::list, {})), R"(["aaa","bbb"])");
  const Alone set = filled(AggregateKind::distinct, {1, 2, 3, 3, 4}, three);
  EXPECT_EQ(json::write((*set).result(AggregateKind::distinct, {})), "3");
  EXPECT_TRUE((*set).truncated());
  EXPECT_FALSE((*filled(AggregateKind::distinct, {1, 2, 3, 3, 1}, three)).truncated());
}

TEST(Accumulator, MergedAndReadBackItIsTheSame) {
  std::mt19937_64 random(11);
  for (int kind = 0; kind <= static_cast<int>(AggregateKind::rate); ++kind) {
    const auto aggregate = static_cast<AggregateKind>(kind);
    List all;
    const Alone both[] = {Alone(accumulator_of(aggregate)), Alone(accumulator_of(aggregate))};
    Accumulator left = *both[0];
    Accumulator right = *both[1];
    for (std::uint64_t i = 0; i < 90; ++i) {
      const Value value =
          i % 7 == 0 ? Value(static_cast<double>(random() % 1000) / 8) : Value(int(random() % 40));
      all.push_back(value);
      (random() % 2 == 0 ? left : right).add(value, i, kLimits);
    }
    left.merge(right, kLimits);
    const std::string expected = json::write((*filled(aggregate, all)).result(aggregate, Millis{500}));
    if (aggregate != AggregateKind::stddev) {
      EXPECT_EQ(json::write(left.result(aggregate, Millis{500})), expected) << kind;
    }
    StateWriter writer;
    left.encode(writer);
    const std::string bytes = writer.take();
    StateReader reader(bytes);
    const Alone read(accumulator_of(aggregate));
    Accumulator back = *read;
    back.decode(reader);
    EXPECT_TRUE(reader.done()) << kind;
    EXPECT_EQ(json::write(back.result(aggregate, Millis{500})),
              json::write(left.result(aggregate, Millis{500})));
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      StateReader cut(std::string_view(bytes).substr(0, size));
      (*Alone(accumulator_of(aggregate))).decode(cut);
      EXPECT_FALSE(cut.ok()) << kind << " of " << size;
    }
  }
}

TEST(Accumulator, ManyLieSideBySide) {
  std::vector<Slot> slots;
  for (int kind = 0; kind <= static_cast<int>(AccumulatorKind::distinct); ++kind)
    slots.push_back({static_cast<AccumulatorKind>(kind)});
  const Accumulators made(slots);
  for (std::uint64_t i = 0; i < 200; ++i) {
    made.each([&](std::size_t, Accumulator one) { one.add(Value(static_cast<double>(i)), i, kLimits); });
  }
  Accumulators moved;
  moved = Accumulators(made);
  moved = Accumulators(made);  // what was there before goes
  ASSERT_EQ(moved.size(), slots.size());
  EXPECT_EQ(json::write(moved[2].result(AggregateKind::avg, {})), "99.5");
  EXPECT_EQ(json::write(moved[4].result(AggregateKind::max, {})), "199.0");
  EXPECT_EQ(json::write(moved[6].result(AggregateKind::last, {})), "199.0");
  EXPECT_EQ(json::write(moved[10].result(AggregateKind::distinct, {})), "200");
  moved[4].add(500, 200, kLimits);
  EXPECT_EQ(json::write(made[4].result(AggregateKind::max, {})), "199.0");
  EXPECT_EQ(Accumulators(std::span<const Slot>{}).size(), 0U);
}

TEST(Accumulator, GarbageIsReadWithoutHarm) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes;
    for (std::uint64_t left = random() % 60; left > 0; --left)
      bytes.push_back(static_cast<char>(random() % 7 == 0 ? 255 : random() % 9));
    for (int kind = 0; kind <= static_cast<int>(AccumulatorKind::distinct); ++kind) {
      StateReader reader(bytes);
      const Alone read(static_cast<AccumulatorKind>(kind));
      (*read).decode(reader);
      static_cast<void>((*read).result(AggregateKind::p95, Millis{10}));
    }
  }
}

}  // namespace
}  // namespace sundial::rules
