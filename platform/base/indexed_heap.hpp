// A heap whose items know their place in it, so that an item can be moved or removed at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace sundial {

inline constexpr std::uint32_t kNowhere = ~std::uint32_t{0};

// `Place` is the member of Item that holds its place, kNowhere while it is in no heap; `Before` is
// the order. An item may be in one heap a member.
template <typename Item, std::uint32_t Item::*Place, typename Before>
class IndexedHeap {
 public:
  bool empty() const { return items_.empty(); }
  std::size_t size() const { return items_.size(); }
  Item* top() const { return items_.front(); }
  const std::vector<Item*>& items() const { return items_; }

  // Puts the item where it belongs, whether it is new or its order has changed.
  void place(Item* item) {
    if (item->*Place == kNowhere) {
      item->*Place = static_cast<std::uint32_t>(items_.size());
      items_.push_back(item);
    }
    settle(item->*Place);
  }

  void remove(Item* item) {
    const std::uint32_t hole = item->*Place;
    if (hole == kNowhere) return;
    item->*Place = kNowhere;
    Item* last = items_.back();
    items_.pop_back();
    if (last == item) return;
    items_[hole] = last;
    last->*Place = hole;
    settle(hole);
  }

  // Whatever their order is by now.
  void clear() {
    for (Item* item : items_) item->*Place = kNowhere;
    items_.clear();
  }

  // After the order of many has changed.
  void rebuild() {
    for (std::size_t i = items_.size(); i-- > 0;) sink(static_cast<std::uint32_t>(i));
  }

 private:
  void settle(std::uint32_t place) { sink(rise(place)); }

  std::uint32_t rise(std::uint32_t place) {
    while (place > 0) {
      const std::uint32_t parent = (place - 1) / 2;
      if (!before_(*items_[place], *items_[parent])) break;
      exchange(place, parent);
      place = parent;
    }
    return place;
  }

  void sink(std::uint32_t place) {
    for (;;) {
      std::uint32_t least = place;
      for (std::uint32_t child = 2 * place + 1; child <= 2 * place + 2 && child < items_.size(); ++child) {
        if (before_(*items_[child], *items_[least])) least = child;
      }
      if (least == place) return;
      exchange(place, least);
      place = least;
    }
  }

  void exchange(std::uint32_t left, std::uint32_t right) {
    std::swap(items_[left], items_[right]);
    items_[left]->*Place = left;
    items_[right]->*Place = right;
  }

  std::vector<Item*> items_;
  [[no_unique_address]] Before before_;
};

}  // namespace sundial
