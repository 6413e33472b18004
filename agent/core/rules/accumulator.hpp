// Accumulators: what an aggregate keeps of a window's values, bounded and ready to be merged.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "agent/core/expression/expression.hpp"
#include "agent/core/rules/fingerprint.hpp"
#include "agent/core/rules/quantile_sketch.hpp"
#include "agent/core/rules/state_codec.hpp"

namespace sundial::rules {

using expression::AggregateKind;

// `max_items` and `max_bytes` of a window: for each list and each distinct.
struct Limits {
  std::size_t items = 10'000;
  std::size_t bytes = 256 * 1024;
};

// Several aggregates over one expression share what they keep: sum and avg, all percentiles.
enum class AccumulatorKind : std::uint8_t {
  truths,    // count(x)
  messages,  // rate(x)
  sum,       // sum, avg
  least,
  greatest,
  first,
  last,
  list,
  quantiles,
  moments,  // stddev
  distinct,
};
AccumulatorKind accumulator_of(AggregateKind kind);

class Accumulator {
 public:
  explicit Accumulator(AccumulatorKind kind);
  Accumulator(Accumulator&&) noexcept;
  Accumulator& operator=(Accumulator&&) noexcept;
  Accumulator(const Accumulator&);
  Accumulator& operator=(const Accumulator&) = delete;
  ~Accumulator();

  // `order` is the message's place in the order of arrival.
  void add(const Value& value, std::uint64_t order, const Limits& limits);
  // Takes in what another one of this kind kept, by the order of arrival.
  void merge(const Accumulator& other, const Limits& limits);

  // `length` is the window's.
  Value result(AggregateKind kind, Millis length) const;

  // A list or distinct that has reached a limit, or has had to leave something out.
  bool full(const Limits& limits) const;
  bool truncated() const;
  // Bytes kept beyond the fixed size, for the weight of a key.
  std::size_t weight() const;

  void encode(StateWriter& writer) const;
  static Accumulator decode(AccumulatorKind kind, StateReader& reader);

 private:
  struct Tally {
    std::uint64_t count = 0;
  };
  struct Sum {
    std::uint64_t count = 0;
    std::int64_t high = 0;  // the ints, in 128 bits
    std::uint64_t low = 0;
    double real = 0;  // the doubles, with what rounding lost
    double lost = 0;
    bool mixed = false;  // there was a double
  };
  struct Extreme {
    std::optional<Number> value;
  };
  struct Edge {
    std::unique_ptr<Value> value;
    std::uint64_t order = 0;
  };
  struct Moments {
    std::uint64_t count = 0;
    double mean = 0;
    double squares = 0;
  };
  struct Items;
  struct Different;
  using State = std::variant<Tally, Sum, Extreme, Edge, Moments, std::unique_ptr<Items>,
                             std::unique_ptr<Different>, std::unique_ptr<QuantileSketch>>;

  struct Merge;
  static State initial(AccumulatorKind kind);
  static State copy(const State& state);
  static void add_number(Sum& sum, const Number& value);
  static void add_wide(Sum& sum, std::int64_t high, std::uint64_t low);
  static void add_real(Sum& sum, double value);
  static Value total(const Sum& sum);
  static Value mean(const Sum& sum);
  void add_extreme(const Number& value);
  void add_edge(const Value& value, std::uint64_t order);
  void encode_collections(StateWriter& writer) const;
  void decode_collections(StateReader& reader);

  AccumulatorKind kind_;
  State state_;
};

}  // namespace sundial::rules
