// The values that `unique` has seen of a key: the last 1,000 different ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "agent/core/rules/fingerprint.hpp"
#include "agent/core/rules/state_codec.hpp"

namespace sundial::rules {

inline constexpr std::size_t kUniqueOfKey = 1'000;
inline constexpr std::size_t kUniqueOfRule = 1'000'000;

// A ring: a new value takes the place of the one first seen, so that little of its bytes changes.
class UniqueMemory {
 public:
  bool contains(const Fingerprint& value) const;
  // `order` is the value's place in the order of the whole rule. Says whether another one left.
  bool add(const Fingerprint& value, std::uint64_t order);
  void forget_first();

  std::size_t size() const { return entries_.size() - forgotten_; }
  std::uint64_t first_order() const { return entries_[first_].order; }
  std::uint64_t last_order() const;

  void encode(StateWriter& writer) const;
  static UniqueMemory decode(StateReader& reader);

 private:
  struct Entry {
    Fingerprint value;
    std::uint64_t order;  // 0: forgotten
  };

  std::vector<Entry> entries_;
  std::size_t first_ = 0;
  std::size_t forgotten_ = 0;
};

}  // namespace sundial::rules
