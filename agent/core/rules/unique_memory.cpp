// The ring of seen values.
#include "agent/core/rules/unique_memory.hpp"

#include <algorithm>

namespace sundial::rules {

bool UniqueMemory::contains(const Fingerprint& value) const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [&](const Entry& entry) { return entry.value == value && entry.order != 0; });
}

bool UniqueMemory::add(const Fingerprint& value, std::uint64_t order) {
  if (forgotten_ > 0) {
    // The forgotten ones lie just before the first: the ring goes on in the oldest of them.
    const std::size_t place = (first_ + entries_.size() - forgotten_) % entries_.size();
    entries_[place] = {value, order};
    --forgotten_;
    return false;
  }
  if (entries_.size() < kUniqueOfKey && first_ == 0) {
    entries_.push_back({value, order});
    return false;
  }
  if (entries_.size() < kUniqueOfKey) {
    std::rotate(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(first_), entries_.end());
    first_ = 0;
    entries_.push_back({value, order});
    return false;
  }
  entries_[first_] = {value, order};
  first_ = (first_ + 1) % entries_.size();
  return true;
}

void UniqueMemory::forget_first() {
  entries_[first_].order = 0;
  first_ = (first_ + 1) % entries_.size();
  if (++forgotten_ < entries_.size()) return;
  entries_.clear();
  first_ = forgotten_ = 0;
}

std::uint64_t UniqueMemory::last_order() const {
  std::uint64_t last = 0;
  for (const Entry& entry : entries_) last = std::max(last, entry.order);
  return last;
}

void UniqueMemory::encode(StateWriter& writer) const {
  writer.natural(entries_.size());
  writer.natural(first_);
  for (const Entry& entry : entries_) {
    writer.fixed(entry.value.high);
    writer.fixed(entry.value.low);
    writer.fixed(entry.order);
  }
}

UniqueMemory UniqueMemory::decode(StateReader& reader) {
  UniqueMemory memory;
  const std::size_t size = reader.count(24);
  memory.first_ = static_cast<std::size_t>(reader.natural());
  if (size > kUniqueOfKey || (size > 0 && memory.first_ >= size) || (size == 0 && memory.first_ != 0))
    reader.fail();
  for (std::size_t i = 0; i < size && reader.ok(); ++i) {
    Entry entry;
    entry.value.high = reader.fixed();
    entry.value.low = reader.fixed();
    entry.order = reader.fixed();
    if (entry.order == 0) ++memory.forgotten_;
    memory.entries_.push_back(entry);
  }
  return reader.ok() && memory.forgotten_ < memory.entries_.size() ? std::move(memory) : UniqueMemory{};
}

}  // namespace sundial::rules
