// Adding, merging and reading accumulators.
#include "agent/core/rules/accumulator.hpp"

#include <cmath>

#include "agent/core/rules/collections.hpp"

namespace sundial::rules {

AccumulatorKind accumulator_of(AggregateKind kind) {
  switch (kind) {
    case AggregateKind::count:
      return AccumulatorKind::truths;
    case AggregateKind::rate:
      return AccumulatorKind::messages;
    case AggregateKind::sum:
    case AggregateKind::avg:
      return AccumulatorKind::sum;
    case AggregateKind::min:
      return AccumulatorKind::least;
    case AggregateKind::max:
      return AccumulatorKind::greatest;
    case AggregateKind::first:
      return AccumulatorKind::first;
    case AggregateKind::last:
      return AccumulatorKind::last;
    case AggregateKind::list:
      return AccumulatorKind::list;
    case AggregateKind::p50:
    case AggregateKind::p95:
    case AggregateKind::p99:
      return AccumulatorKind::quantiles;
    case AggregateKind::stddev:
      return AccumulatorKind::moments;
    case AggregateKind::distinct:
      return AccumulatorKind::distinct;
  }
  return AccumulatorKind::truths;
}

void Accumulator::add_wide(Sum& sum, std::int64_t high, std::uint64_t low) {
  sum.low += low;
  sum.high += high + (sum.low < low ? 1 : 0);
}

void Accumulator::add_real(Sum& sum, double value) {
  // Neumaier: what each addition rounds away is summed up beside it.
  const double total = sum.real + value;
  if (std::isfinite(total)) {
    sum.lost +=
        std::fabs(sum.real) >= std::fabs(value) ? (sum.real - total) + value : (value - total) + sum.real;
  }
  sum.real = total;
}

void Accumulator::add_number(Sum& sum, const Number& value) {
  ++sum.count;
  if (value.whole()) {
    add_wide(sum, value.integer() < 0 ? -1 : 0, static_cast<std::uint64_t>(value.integer()));
  } else {
    sum.mixed = 1;
    add_real(sum, value.real());
  }
}

Value Accumulator::total(const Sum& sum) {
  const auto low = static_cast<std::int64_t>(sum.low);
  if (!sum.mixed && sum.high == (low < 0 ? -1 : 0)) return low;
  const double whole = static_cast<double>(sum.high) * 18446744073709551616.0 + static_cast<double>(sum.low);
  const double integers = sum.high == (low < 0 ? -1 : 0) ? static_cast<double>(low) : whole;
  return std::isfinite(sum.real) ? sum.real + (integers + sum.lost) : sum.real;
}

Value Accumulator::mean(const Sum& sum) {
  if (sum.count == 0) return Null{};
  const std::optional<Number> all = Number::of(total(sum));
  return all ? Value(all->real() / static_cast<double>(sum.count)) : Value(std::nan(""));
}

void Accumulator::add_extreme(const Number& value) {
  auto& extreme = at<Extreme>();
  const bool least = kind_ == AccumulatorKind::least;
  if (extreme.empty() || (least ? value < extreme.value : extreme.value < value)) extreme.value = value;
}

void Accumulator::add_edge(const Value& value, std::uint64_t order) {
  auto& edge = at<Edge>();
  const bool better = kind_ == AccumulatorKind::first ? order < edge.order : order >= edge.order;
  if (edge.value && !better) return;
  edge.order = order;
  if (edge.value) {
    *edge.value = value;
  } else {
    edge.value = std::make_unique<Value>(value);
  }
}

void Accumulator::add(const Value& value, std::uint64_t order, const Limits& limits) {
  switch (kind_) {
    case AccumulatorKind::truths: {
      const bool* truth = value.get_if<bool>();
      if (!value.is_null() && (truth == nullptr || *truth)) ++at<Tally>().count;
      return;
    }
    case AccumulatorKind::messages:
      ++at<Tally>().count;
      return;
    case AccumulatorKind::first:
    case AccumulatorKind::last:
      add_edge(value, order);
      return;
    case AccumulatorKind::list:
      at<std::unique_ptr<Items>>()->add(value, order, limits);
      return;
    case AccumulatorKind::distinct:
      at<std::unique_ptr<Different>>()->add(value, order, limits);
      return;
    case AccumulatorKind::sum:
    case AccumulatorKind::least:
    case AccumulatorKind::greatest:
    case AccumulatorKind::quantiles:
    case AccumulatorKind::moments:
      break;
  }
  const std::optional<Number> number = Number::of(value);
  if (!number) return;
  if (kind_ == AccumulatorKind::sum) {
    add_number(at<Sum>(), *number);
  } else if (kind_ == AccumulatorKind::quantiles) {
    at<std::unique_ptr<QuantileSketch>>()->add(*number);
  } else if (kind_ == AccumulatorKind::moments) {
    auto& moments = at<Moments>();
    const double away = number->real() - moments.mean;
    moments.mean += away / static_cast<double>(++moments.count);
    moments.squares += away * (number->real() - moments.mean);
  } else {
    add_extreme(*number);
  }
}

struct Accumulator::Merge {
  Accumulator& into;
  const Accumulator& from;
  const Limits& limits;

  template <typename T>
  const T& theirs() const {
    return from.at<T>();
  }

  void operator()(Tally& tally) const { tally.count += theirs<Tally>().count; }
  void operator()(Sum& sum) const {
    const Sum& more = theirs<Sum>();
    sum.count += more.count;
    sum.mixed |= more.mixed;
    add_wide(sum, more.high, more.low);
    add_real(sum, more.real);
    sum.lost += more.lost;
  }
  void operator()(Extreme&) const {
    if (!theirs<Extreme>().empty()) into.add_extreme(theirs<Extreme>().value);
  }
  void operator()(Edge&) const {
    if (theirs<Edge>().value) into.add_edge(*theirs<Edge>().value, theirs<Edge>().order);
  }
  void operator()(Moments& mine) const {
    const Moments& more = theirs<Moments>();
    if (more.count == 0) return;
    const auto both = static_cast<double>(mine.count + more.count);
    const double away = more.mean - mine.mean;
    mine.squares +=
        more.squares + away * away * static_cast<double>(mine.count) * static_cast<double>(more.count) / both;
    mine.mean += away * static_cast<double>(more.count) / both;
    mine.count += more.count;
  }
  void operator()(std::unique_ptr<Items>& mine) const {
    mine->merge(*theirs<std::unique_ptr<Items>>(), limits);
  }
  void operator()(std::unique_ptr<Different>& mine) const {
    mine->merge(*theirs<std::unique_ptr<Different>>(), limits);
  }
  void operator()(std::unique_ptr<QuantileSketch>& mine) const {
    mine->merge(*theirs<std::unique_ptr<QuantileSketch>>());
  }
};
void Accumulator::merge(const Accumulator& other, const Limits& limits) {
  visit(Merge{*this, other, limits});
}

Value Accumulator::result(AggregateKind kind, Millis length) const {
  struct Show {
    AggregateKind kind;
    Millis length;

    Value operator()(const Tally& tally) const {
      if (kind == AggregateKind::count) return static_cast<std::int64_t>(tally.count);
      if (length <= Millis{0}) return Null{};
      return static_cast<double>(tally.count) * 1000.0 / static_cast<double>(length.count());
    }
    Value operator()(const Sum& sum) const { return kind == AggregateKind::avg ? mean(sum) : total(sum); }
    Value operator()(const Extreme& extreme) const {
      return extreme.empty() ? Value() : extreme.value.value();
    }
    Value operator()(const Edge& edge) const { return edge.value ? *edge.value : Null{}; }
    Value operator()(const Moments& moments) const {
      if (moments.count == 0) return Null{};
      return std::sqrt(std::max(0.0, moments.squares / static_cast<double>(moments.count)));
    }
    Value operator()(const std::unique_ptr<Items>& items) const { return items->values(); }
    Value operator()(const std::unique_ptr<Different>& different) const {
      return static_cast<std::int64_t>(different->entries.size());
    }
    Value operator()(const std::unique_ptr<QuantileSketch>& sketch) const {
      const double share = kind == AggregateKind::p50 ? 0.50 : kind == AggregateKind::p95 ? 0.95 : 0.99;
      const std::optional<Number> found = sketch->at(share);
      return found ? found->value() : Null{};
    }
  };
  return visit(Show{kind, length});
}

bool Accumulator::full(const Limits& limits) const {
  if (kind_ == AccumulatorKind::list) return at<std::unique_ptr<Items>>()->full(limits);
  return kind_ == AccumulatorKind::distinct && at<std::unique_ptr<Different>>()->full(limits);
}

bool Accumulator::truncated() const {
  if (kind_ == AccumulatorKind::list) return at<std::unique_ptr<Items>>()->truncated;
  return kind_ == AccumulatorKind::distinct && at<std::unique_ptr<Different>>()->truncated;
}

std::size_t Accumulator::weight() const {
  if (kind_ == AccumulatorKind::list) return at<std::unique_ptr<Items>>()->bytes;
  if (kind_ == AccumulatorKind::distinct) return at<std::unique_ptr<Different>>()->bytes;
  return kind_ == AccumulatorKind::quantiles ? at<std::unique_ptr<QuantileSketch>>()->weight() : 0;
}

}  // namespace sundial::rules
