// What `list` and `distinct` keep of a window, within its limits.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/core/rules/accumulator.hpp"

namespace sundial::rules {

struct Accumulator::Items {
  struct Item {
    std::uint64_t order;
    std::size_t size;  // of its JSON
    Value value;
  };

  void add(const Value& value, std::uint64_t order, const Limits& limits);
  void merge(const Items& other, const Limits& limits);
  bool full(const Limits& limits) const { return items.size() >= limits.items || bytes >= limits.bytes; }
  Value values() const;

  std::vector<Item> items;
  std::size_t bytes = 0;
  bool truncated = false;
};

struct Accumulator::Different {
  struct Entry {
    Fingerprint value;
    std::uint64_t order;
    std::size_t size;
  };

  void add(const Value& value, std::uint64_t order, const Limits& limits);
  void merge(const Different& other, const Limits& limits);
  void insert(const Entry& entry, const Limits& limits);
  bool full(const Limits& limits) const { return entries.size() >= limits.items || bytes >= limits.bytes; }

  std::vector<Entry> entries;
  std::vector<std::uint32_t> table;  // open addressing: place in `entries` plus one
  std::size_t bytes = 0;
  bool truncated = false;

 private:
  std::size_t slot_of(const Fingerprint& value) const;
  void grow();
};

}  // namespace sundial::rules
