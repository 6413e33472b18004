// Accumulators: what aggregates keep of a window's values, bounded and ready to be merged.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <span>
#include <type_traits>

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

struct Slot {
  AccumulatorKind kind;
  std::size_t inner = 0;  // the expression whose values it accumulates
};

// What one aggregate keeps: a place among the Accumulators of a pane, valid as long as they are.
class Accumulator {
 public:
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
  // Into one that is empty.
  void decode(StateReader& reader);

 private:
  friend class Accumulators;

  struct Tally {
    std::uint64_t count = 0;
  };
  struct Sum {
    std::uint64_t mixed : 1 = 0;  // there was a double
    std::uint64_t count : 63 = 0;
    std::int64_t high = 0;  // the ints, in 128 bits
    std::uint64_t low = 0;
    double real = 0;  // the doubles, with what rounding lost
    double lost = 0;
  };
  struct Extreme {
    Number value{std::numeric_limits<double>::quiet_NaN()};
    bool empty() const { return !value.whole() && value.real() != value.real(); }
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
  struct Merge;
  struct Write;
  struct Load;

  Accumulator(AccumulatorKind kind, std::byte* place) : kind_(kind), place_(place) {}

  static std::size_t size_of(AccumulatorKind kind);
  void create() const;
  void copy(const Accumulator& other) const;
  void destroy() const;

  template <typename T>
  T& at() const {
    return *std::launder(reinterpret_cast<T*>(place_));
  }
  // Calls with the type of what a kind keeps.
  template <typename Visit>
  static decltype(auto) with_type(AccumulatorKind kind, Visit visit) {
    switch (kind) {
      case AccumulatorKind::truths:
      case AccumulatorKind::messages:
        break;
      case AccumulatorKind::sum:
        return visit(std::type_identity<Sum>{});
      case AccumulatorKind::least:
      case AccumulatorKind::greatest:
        return visit(std::type_identity<Extreme>{});
      case AccumulatorKind::first:
      case AccumulatorKind::last:
        return visit(std::type_identity<Edge>{});
      case AccumulatorKind::list:
        return visit(std::type_identity<std::unique_ptr<Items>>{});
      case AccumulatorKind::quantiles:
        return visit(std::type_identity<std::unique_ptr<QuantileSketch>>{});
      case AccumulatorKind::moments:
        return visit(std::type_identity<Moments>{});
      case AccumulatorKind::distinct:
        return visit(std::type_identity<std::unique_ptr<Different>>{});
    }
    return visit(std::type_identity<Tally>{});
  }
  template <typename Visit>
  decltype(auto) visit(Visit visit) const {
    return with_type(kind_,
                     [&]<typename T>(std::type_identity<T>) -> decltype(auto) { return visit(at<T>()); });
  }

  static void add_number(Sum& sum, const Number& value);
  static void add_wide(Sum& sum, std::int64_t high, std::uint64_t low);
  static void add_real(Sum& sum, double value);
  static Value total(const Sum& sum);
  static Value mean(const Sum& sum);
  void add_extreme(const Number& value);
  void add_edge(const Value& value, std::uint64_t order);

  AccumulatorKind kind_;
  std::byte* place_;
};

// The accumulators of a pane side by side in one piece of memory, each as large as its kind needs.
class Accumulators {
 public:
  Accumulators() = default;
  explicit Accumulators(std::span<const Slot> slots);
  Accumulators(const Accumulators& other);
  Accumulators(Accumulators&&) noexcept = default;
  Accumulators& operator=(const Accumulators&) = delete;
  Accumulators& operator=(Accumulators&& other) noexcept;
  ~Accumulators() { clear(); }

  std::size_t size() const;
  Accumulator operator[](std::size_t place) const;

  // In their order, with their places.
  template <typename Visit>
  void each(Visit visit) const {
    std::byte* place = states();
    for (std::size_t i = 0; i < size(); ++i) {
      const Accumulator one(kind(i), place);
      visit(i, one);
      place += Accumulator::size_of(one.kind_);
    }
  }

 private:
  // The memory: how many there are, the kind of each, and from the next multiple of eight on their states.
  using Count = std::uint32_t;

  AccumulatorKind kind(std::size_t place) const {
    return static_cast<AccumulatorKind>(memory_[sizeof(Count) + place]);
  }
  std::byte* states() const;
  void clear();

  std::unique_ptr<std::byte[]> memory_;
};

}  // namespace sundial::rules
