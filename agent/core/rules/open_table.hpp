// A hash table of small items (pointers, places) that hold their keys elsewhere: one slot an item.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace sundial::rules {

// Item{} is no item. `hash_of` tells an item's hash, which must not change while it is in.
template <typename Item>
class OpenTable {
 public:
  std::size_t size() const { return size_; }

  // The item of this hash on which `is` holds, or Item{}.
  template <typename Is>
  Item find(std::size_t hash, Is is) const {
    if (slots_.empty()) return Item{};
    std::size_t slot = hash & mask();
    while (slots_[slot] != Item{} && !is(slots_[slot])) slot = next(slot);
    return slots_[slot];
  }

  template <typename HashOf>
  void insert(Item item, HashOf hash_of) {
    // At most seven eighths are taken.
    if ((size_ + 1) * 8 > slots_.size() * 7) grow(hash_of);
    put(item, hash_of);
    ++size_;
  }

  // The item must be in.
  template <typename HashOf>
  void erase(Item item, HashOf hash_of) {
    std::size_t hole = hash_of(item) & mask();
    while (slots_[hole] != item) hole = next(hole);
    // What was pushed on by the one that leaves moves back.
    for (std::size_t slot = next(hole); slots_[slot] != Item{}; slot = next(slot)) {
      const std::size_t home = hash_of(slots_[slot]) & mask();
      if (((slot - home) & mask()) < ((slot - hole) & mask())) continue;
      slots_[hole] = slots_[slot];
      hole = slot;
    }
    slots_[hole] = Item{};
    --size_;
  }

  void clear() {
    slots_ = {};
    size_ = 0;
  }

 private:
  static constexpr std::size_t kFewest = 16;

  std::size_t mask() const { return slots_.size() - 1; }
  std::size_t next(std::size_t slot) const { return (slot + 1) & mask(); }

  template <typename HashOf>
  void put(Item item, HashOf hash_of) {
    std::size_t slot = hash_of(item) & mask();
    while (slots_[slot] != Item{}) slot = next(slot);
    slots_[slot] = item;
  }

  template <typename HashOf>
  void grow(HashOf hash_of) {
    std::vector<Item> before(std::max(kFewest, slots_.size() * 2));
    before.swap(slots_);
    for (const Item item : before) {
      if (item != Item{}) put(item, hash_of);
    }
  }

  std::vector<Item> slots_;  // a power of two of them
  std::size_t size_ = 0;
};

}  // namespace sundial::rules
