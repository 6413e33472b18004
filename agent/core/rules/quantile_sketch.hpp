// Percentiles in bounded memory: exact up to 100 values, beyond within 1 % of the value.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "agent/core/rules/number.hpp"
#include "agent/core/rules/state_codec.hpp"

namespace sundial::rules {

// Beyond the exact values, numbers are counted in bins whose bounds grow by 1 %, which puts the
// middle of a bin within 0.5 % of all in it. Where one sign needs more than kMostBins, neighbours are
// joined, which doubles that: it takes numbers spread over more than 17 decades.
class QuantileSketch {
 public:
  void add(const Number& value);
  void merge(const QuantileSketch& other);
  // By nearest rank, 0 < share <= 1; nothing of nothing.
  std::optional<Number> at(double share) const;
  // Bytes kept.
  std::size_t weight() const {
    return exact_.size() * sizeof(Number) + (positive_.size() + negative_.size()) * sizeof(Bin);
  }
  std::uint64_t size() const { return exact_.empty() ? count_ : exact_.size(); }

  void encode(StateWriter& writer) const;
  static QuantileSketch decode(StateReader& reader);

  static constexpr std::size_t kExact = 100;
  static constexpr std::size_t kMostBins = 4096;

 private:
  struct Bin {
    std::int32_t index;
    std::uint64_t count;
  };
  using Bins = std::vector<Bin>;  // ascending

  std::int32_t index_of(double magnitude) const;
  double middle_of(std::int32_t index) const;
  void add_counted(double value, std::uint64_t count);
  static void add_to(Bins& bins, std::int32_t index, std::uint64_t count);
  void bound();
  void coarsen();
  static void coarsen(Bins& bins);
  void leave_exact();
  std::optional<Number> counted_at(std::uint64_t rank) const;

  std::vector<Number> exact_;
  std::uint64_t count_ = 0;  // of the counted ones; 0 while exact
  std::uint64_t zeros_ = 0;
  int coarseness_ = 0;  // how often neighbours were joined
  double least_ = 0;
  double most_ = 0;
  Bins positive_;
  Bins negative_;
};

}  // namespace sundial::rules
