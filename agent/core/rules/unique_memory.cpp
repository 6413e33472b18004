// The ring of seen values.
#include "agent/core/rules/unique_memory.hpp"

#include <algorithm>

namespace sundial::rules {

bool UniqueMemory::contains(const Fingerprint& value) const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [&](const Entry& entry) { return entry.value == value && entry.order != 0; });
}

void UniqueMemory::set(std::size_t place, const Entry& entry) {
  if (place == entries_.size()) {
    entries_.push_back(entry);
  } else {
    entries_[place] = entry;
  }
  change(place);
}

void UniqueMemory::change_all() {
  for (std::size_t place = 0; place < entries_.size(); place += kOfPiece) change(place);
}

bool UniqueMemory::add(const Fingerprint& value, std::uint64_t order) {
  if (forgotten_ > 0) {
    // The forgotten ones lie just before the first: the ring goes on in the oldest of them.
    set((first_ + entries_.size() - forgotten_) % entries_.size(), {value, order});
    --forgotten_;
    return false;
  }
  if (entries_.size() < kUniqueOfKey) {
    if (first_ != 0) {
      std::rotate(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(first_), entries_.end());
      first_ = 0;
      change_all();
    }
    set(entries_.size(), {value, order});
    return false;
  }
  set(first_, {value, order});
  first_ = (first_ + 1) % entries_.size();
  return true;
}

void UniqueMemory::forget_first() {
  entries_[first_].order = 0;
  change(first_);
  first_ = (first_ + 1) % entries_.size();
  if (++forgotten_ < entries_.size()) return;
  change_all();
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
}

UniqueMemory UniqueMemory::decode(StateReader& reader) {
  UniqueMemory memory;
  const std::uint64_t size = reader.natural();
  memory.first_ = static_cast<std::size_t>(reader.natural());
  if (size > kUniqueOfKey || memory.first_ >= std::max<std::uint64_t>(1, size)) reader.fail();
  if (!reader.ok()) return UniqueMemory{};
  memory.entries_.resize(static_cast<std::size_t>(size));
  return memory;
}

void UniqueMemory::encode_piece(std::size_t piece, StateWriter& writer) const {
  const std::size_t end = std::min(entries_.size(), (piece + 1) * kOfPiece);
  for (std::size_t i = piece * kOfPiece; i < end; ++i) {
    writer.fixed(entries_[i].value.high);
    writer.fixed(entries_[i].value.low);
    writer.fixed(entries_[i].order);
  }
}

void UniqueMemory::decode_piece(std::size_t piece, StateReader& reader) {
  const std::size_t end = std::min(entries_.size(), (piece + 1) * kOfPiece);
  for (std::size_t i = piece * kOfPiece; i < end; ++i) {
    Entry entry;
    entry.value.high = reader.fixed();
    entry.value.low = reader.fixed();
    entry.order = reader.fixed();
    if (reader.ok()) entries_[i] = entry;
  }
}

void UniqueMemory::begin() {
  forgotten_ = static_cast<std::size_t>(
      std::count_if(entries_.begin(), entries_.end(), [](const Entry& entry) { return entry.order == 0; }));
  changed_ = 0;
  // What was forgotten lies in one piece before the first; where a row is missing it need not.
  bool whole = forgotten_ < entries_.size();
  for (std::size_t i = 0; i < size(); ++i)
    whole = whole && entries_[(first_ + i) % entries_.size()].order != 0;
  if (!whole) *this = UniqueMemory{};
}

}  // namespace sundial::rules
