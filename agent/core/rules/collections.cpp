// Bounded lists and sets.
#include "agent/core/rules/collections.hpp"

#include <algorithm>

#include "platform/json/json.hpp"

namespace sundial::rules {

void Accumulator::Items::add(const Value& value, std::uint64_t order, const Limits& limits) {
  if (full(limits)) {
    truncated = true;
    return;
  }
  const std::size_t size = json::write(value).size();
  items.push_back({order, size, value});
  bytes += size;
}

void Accumulator::Items::merge(const Items& other, const Limits& limits) {
  std::vector<Item> both;
  both.reserve(items.size() + other.items.size());
  std::merge(std::make_move_iterator(items.begin()), std::make_move_iterator(items.end()),
             other.items.begin(), other.items.end(), std::back_inserter(both),
             [](const Item& left, const Item& right) { return left.order < right.order; });
  truncated = truncated || other.truncated;
  items.clear();
  bytes = 0;
  for (Item& item : both) {
    if (full(limits)) {
      truncated = true;
      return;
    }
    bytes += item.size;
    items.push_back(std::move(item));
  }
}

Value Accumulator::Items::values() const {
  List list;
  list.reserve(items.size());
  for (const Item& item : items) list.push_back(item.value);
  return list;
}

void Accumulator::Different::add(const Value& value, std::uint64_t order, const Limits& limits) {
  // What equals nothing is different from all: its order stands for it.
  const Fingerprint mark = fingerprint_of(value).value_or(Fingerprint{order, ~std::uint64_t{0}});
  insert({mark, order, full(limits) ? 0 : json::write(value).size()}, limits);
}

void Accumulator::Different::insert(const Entry& entry, const Limits& limits) {
  if (table.size() < (entries.size() + 1) * 2) grow();
  const std::size_t slot = slot_of(entry.value);
  if (table[slot] != 0) return;
  if (full(limits)) {
    truncated = true;
    return;
  }
  entries.push_back(entry);
  bytes += entry.size;
  table[slot] = static_cast<std::uint32_t>(entries.size());
}

void Accumulator::Different::merge(const Different& other, const Limits& limits) {
  std::vector<Entry> both;
  both.reserve(entries.size() + other.entries.size());
  std::merge(entries.begin(), entries.end(), other.entries.begin(), other.entries.end(),
             std::back_inserter(both),
             [](const Entry& left, const Entry& right) { return left.order < right.order; });
  truncated = truncated || other.truncated;
  entries.clear();
  table.clear();
  bytes = 0;
  for (const Entry& entry : both) insert(entry, limits);
}

std::size_t Accumulator::Different::slot_of(const Fingerprint& value) const {
  std::size_t slot = static_cast<std::size_t>(value.low) & (table.size() - 1);
  while (table[slot] != 0 && !(entries[table[slot] - 1].value == value))
    slot = (slot + 1) & (table.size() - 1);
  return slot;
}

void Accumulator::Different::grow() {
  std::size_t size = std::max<std::size_t>(8, table.size());
  while (size < (entries.size() + 1) * 2) size *= 2;
  table.assign(size, 0);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    table[slot_of(entries[i].value)] = static_cast<std::uint32_t>(i + 1);
  }
}

}  // namespace sundial::rules
