// Bins of a growing width, as in the DDSketch of Masson, Rim and Lee, with uniform joining.
#include "agent/core/rules/quantile_sketch.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace sundial::rules {
namespace {

constexpr double kGrowth = 1.01;
const double kLogGrowth = std::log(kGrowth);
constexpr int kMostCoarse = 8;

}  // namespace

void QuantileSketch::add(const Number& value) {
  if (count_ == 0) {
    if (exact_.capacity() == exact_.size())
      exact_.reserve(std::min(kExact, std::max<std::size_t>(4, exact_.size() * 2)));
    if (exact_.size() < kExact) {
      exact_.push_back(value);
      return;
    }
    leave_exact();
  }
  add_counted(value.real(), 1);
  bound();
}

void QuantileSketch::merge(const QuantileSketch& other) {
  if (other.count_ == 0) {
    for (const Number& value : other.exact_) add(value);
    return;
  }
  if (count_ == 0) leave_exact();
  while (coarseness_ < other.coarseness_) coarsen();
  QuantileSketch same = other;
  while (same.coarseness_ < coarseness_) same.coarsen();
  for (const Bin& bin : same.positive_) add_to(positive_, bin.index, bin.count);
  for (const Bin& bin : same.negative_) add_to(negative_, bin.index, bin.count);
  least_ = count_ == 0 ? same.least_ : std::min(least_, same.least_);
  most_ = count_ == 0 ? same.most_ : std::max(most_, same.most_);
  zeros_ += same.zeros_;
  count_ += same.count_;
  bound();
}

void QuantileSketch::leave_exact() {
  const std::vector<Number> values = std::exchange(exact_, {});
  for (const Number& value : values) add_counted(value.real(), 1);
}

std::int32_t QuantileSketch::index_of(double magnitude) const {
  const double width = kLogGrowth * std::ldexp(1.0, coarseness_);
  return static_cast<std::int32_t>(std::ceil(std::log(magnitude) / width));
}

// What is furthest from both bounds of the bin, relatively.
double QuantileSketch::middle_of(std::int32_t index) const {
  const double width = kLogGrowth * std::ldexp(1.0, coarseness_);
  const double upper = std::exp(width * index);
  if (std::isinf(upper)) return std::numeric_limits<double>::max();
  return 2.0 * upper / (std::exp(width) + 1.0);
}

void QuantileSketch::add_counted(double value, std::uint64_t count) {
  // The infinities are counted with the greatest double; `most_` and `least_` know them.
  least_ = count_ == 0 ? value : std::min(least_, value);
  most_ = count_ == 0 ? value : std::max(most_, value);
  const double magnitude = std::min(std::fabs(value), std::numeric_limits<double>::max());
  if (magnitude < std::numeric_limits<double>::min()) {
    zeros_ += count;
  } else {
    add_to(value > 0 ? positive_ : negative_, index_of(magnitude), count);
  }
  count_ += count;
}

void QuantileSketch::add_to(Bins& bins, std::int32_t index, std::uint64_t count) {
  const auto place = std::lower_bound(bins.begin(), bins.end(), index,
                                      [](const Bin& bin, std::int32_t wanted) { return bin.index < wanted; });
  if (place != bins.end() && place->index == index) {
    place->count += count;
  } else {
    bins.insert(place, Bin{index, count});
  }
}

void QuantileSketch::bound() {
  while ((positive_.size() > kMostBins || negative_.size() > kMostBins) && coarseness_ < kMostCoarse)
    coarsen();
}

void QuantileSketch::coarsen() {
  coarsen(positive_);
  coarsen(negative_);
  ++coarseness_;
}

void QuantileSketch::coarsen(Bins& bins) {
  Bins joined;
  for (const Bin& bin : bins) {
    // Bin i holds (g^(i-1), g^i]; two of them make one of g squared.
    const std::int32_t index = bin.index > 0 ? (bin.index + 1) / 2 : -((-bin.index) / 2);
    if (!joined.empty() && joined.back().index == index) {
      joined.back().count += bin.count;
    } else {
      joined.push_back({index, bin.count});
    }
  }
  bins = std::move(joined);
}

std::optional<Number> QuantileSketch::at(double share) const {
  const std::uint64_t total = size();
  if (total == 0) return std::nullopt;
  // Nearest rank: the smallest rank that holds at least this share. The product of a share such as
  // 0.95 with a count can lie a rounding error above a whole number.
  const double wanted = share * static_cast<double>(total);
  const auto rank = static_cast<std::uint64_t>(std::max(1.0, std::ceil(wanted - wanted * 1e-12)));
  if (count_ > 0) return counted_at(rank);
  std::vector<Number> sorted = exact_;
  std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(rank - 1), sorted.end());
  return sorted[rank - 1];
}

std::optional<Number> QuantileSketch::counted_at(std::uint64_t rank) const {
  const auto within = [this](double value) { return Number(std::clamp(value, least_, most_)); };
  if (rank <= 1) return Number(least_);
  if (rank >= count_) return Number(most_);
  for (auto bin = negative_.rbegin(); bin != negative_.rend(); ++bin) {
    if (rank <= bin->count) return within(-middle_of(bin->index));
    rank -= bin->count;
  }
  if (rank <= zeros_) return within(0.0);
  rank -= zeros_;
  for (const Bin& bin : positive_) {
    if (rank <= bin.count) return within(middle_of(bin.index));
    rank -= bin.count;
  }
  return Number(most_);
}

void QuantileSketch::encode(StateWriter& writer) const {
  writer.flag(count_ == 0);
  if (count_ == 0) {
    writer.natural(exact_.size());
    for (const Number& value : exact_) writer.number(value);
    return;
  }
  writer.natural(zeros_);
  writer.natural(static_cast<std::uint64_t>(coarseness_));
  writer.real(least_);
  writer.real(most_);
  for (const Bins* bins : {&negative_, &positive_}) {
    writer.natural(bins->size());
    std::int32_t before = 0;
    for (const Bin& bin : *bins) {
      writer.integer(bin.index - before);
      writer.natural(bin.count);
      before = bin.index;
    }
  }
}

QuantileSketch QuantileSketch::decode(StateReader& reader) {
  QuantileSketch sketch;
  if (reader.flag()) {
    const std::size_t size = reader.count(2);
    for (std::size_t i = 0; i < size && i < kExact; ++i) sketch.exact_.push_back(reader.number());
    return sketch;
  }
  sketch.zeros_ = sketch.count_ = reader.natural();
  sketch.coarseness_ = static_cast<int>(std::min<std::uint64_t>(reader.natural(), kMostCoarse));
  sketch.least_ = reader.real();
  sketch.most_ = reader.real();
  for (Bins* bins : {&sketch.negative_, &sketch.positive_}) {
    std::int64_t index = 0;
    for (std::size_t left = reader.count(2); left > 0; --left) {
      index += reader.integer();
      const std::uint64_t count = reader.natural();
      const bool ascending = bins->empty() || index > bins->back().index;
      if (!ascending || index != static_cast<std::int32_t>(index) || bins->size() >= kMostBins) reader.fail();
      if (!reader.ok()) break;
      bins->push_back({static_cast<std::int32_t>(index), count});
      sketch.count_ += count;
    }
  }
  if (!(sketch.least_ <= sketch.most_) || sketch.count_ == 0) reader.fail();
  return reader.ok() ? sketch : QuantileSketch{};
}

}  // namespace sundial::rules
