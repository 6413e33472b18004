// A list that is nearly always empty, and costs one word then: for what exists by the thousands.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace sundial {

template <typename Item>
class Seldom {
 public:
  using Items = std::vector<Item>;

  Seldom() = default;
  Seldom(Seldom&&) noexcept = default;
  Seldom& operator=(Seldom&&) noexcept = default;
  Seldom(const Seldom& other) : items_(other.empty() ? nullptr : std::make_unique<Items>(*other.items_)) {}
  Seldom& operator=(const Seldom& other) {
    if (this != &other) *this = Seldom(other);
    return *this;
  }
  ~Seldom() = default;

  bool empty() const { return items_ == nullptr || items_->empty(); }
  std::size_t size() const { return items_ == nullptr ? 0 : items_->size(); }
  const Items& items() const {
    static const Items none;
    return items_ == nullptr ? none : *items_;
  }
  auto begin() const { return items().begin(); }
  auto end() const { return items().end(); }

  void push_back(Item item) {
    if (items_ == nullptr) items_ = std::make_unique<Items>();
    items_->push_back(std::move(item));
  }
  // Lets `change` do what it likes with the vector.
  template <typename Change>
  void edit(Change change) {
    if (items_ == nullptr) items_ = std::make_unique<Items>();
    change(*items_);
    if (items_->empty()) items_.reset();
  }
  // All of them; none are left.
  Items take() {
    const auto taken = std::move(items_);
    return taken == nullptr ? Items() : std::move(*taken);
  }

 private:
  std::unique_ptr<Items> items_;
};

}  // namespace sundial
