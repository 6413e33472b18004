// The table of keys, their order by hearing, and their weights.
#include "agent/core/rules/key_table.hpp"

#include <algorithm>
#include <functional>
#include <new>

namespace sundial::rules {
namespace {

std::uint32_t hash_of_text(std::string_view key) {
  const std::size_t hash = std::hash<std::string_view>{}(key);
  return static_cast<std::uint32_t>(hash ^ (hash >> 16 >> 16));
}

}  // namespace

KeyState::KeyState(std::string_view key, std::uint32_t hash)
    : hash_(hash), key_size_(static_cast<std::uint32_t>(key.size())) {
  std::copy(key.begin(), key.end(), reinterpret_cast<char*>(this + 1));
}

const Timing& KeyState::timing() const {
  static const Timing kBegin;
  return extras_ ? extras_->first : kBegin;
}

const Memory& KeyState::memory() const {
  static const Memory kBegin;
  return extras_ ? extras_->second : kBegin;
}

Timing& KeyState::timing() {
  if (!extras_) extras_ = std::make_unique<std::pair<Timing, Memory>>();
  return extras_->first;
}

Memory& KeyState::memory() {
  if (!extras_) extras_ = std::make_unique<std::pair<Timing, Memory>>();
  return extras_->second;
}

std::uint64_t KeyState::current_weight() const {
  constexpr std::size_t kUnit = 1024;
  std::size_t bytes = key().size();
  const Memory& kept = memory();
  bytes += timing().last.size();
  if (kept.history) bytes += kept.history->bytes;
  if (kept.unique) bytes += kept.unique->size() * sizeof(Fingerprint);
  if (window) bytes += window->bytes();
  return std::max<std::uint64_t>(1, (bytes + kUnit - 1) / kUnit);
}

KeyTable::~KeyTable() {
  for (KeyState* state = oldest_; state != nullptr;) destroy(std::exchange(state, state->newer));
}

void KeyTable::destroy(KeyState* state) {
  state->~KeyState();
  ::operator delete(static_cast<void*>(state));
}

KeyState* KeyTable::find(std::string_view key) const {
  const std::uint32_t hash = hash_of_text(key);
  return table_.find(hash,
                     [&](const KeyState* state) { return state->hash_ == hash && state->key() == key; });
}

KeyState& KeyTable::create(std::string_view key) {
  auto* state = new (::operator new(sizeof(KeyState) + key.size())) KeyState(key, hash_of_text(key));
  table_.insert(state, hash_of);
  link_newest(*state);
  state->heard = ++heard_;
  total_weight_ += state->weight;
  mark(*state);
  return *state;
}

void KeyTable::erase(KeyState& state) {
  unlink(state);
  total_weight_ -= state.weight;
  if (state.dirty) dirty_.erase(std::find(dirty_.begin(), dirty_.end(), &state));
  erased_.emplace_back(state.key());
  table_.erase(&state, hash_of);
  destroy(&state);
}

void KeyTable::touch(KeyState& state) {
  mark(state);
  state.heard = ++heard_;
  if (newest_ == &state) return;
  unlink(state);
  link_newest(state);
}

void KeyTable::unlink(KeyState& state) {
  (state.older != nullptr ? state.older->newer : oldest_) = state.newer;
  (state.newer != nullptr ? state.newer->older : newest_) = state.older;
  state.older = state.newer = nullptr;
}

void KeyTable::link_newest(KeyState& state) {
  state.older = newest_;
  (newest_ != nullptr ? newest_->newer : oldest_) = &state;
  newest_ = &state;
}

void KeyTable::weigh(KeyState& state) {
  const auto weight = static_cast<std::uint32_t>(state.current_weight());
  total_weight_ = total_weight_ - state.weight + weight;
  state.weight = weight;
}

void KeyTable::mark(KeyState& state) {
  if (state.dirty) return;
  state.dirty = true;
  dirty_.push_back(&state);
}

std::vector<KeyState*> KeyTable::take_dirty() {
  for (KeyState* state : dirty_) state->dirty = false;
  return std::exchange(dirty_, {});
}

std::vector<std::string> KeyTable::take_erased() {
  return std::exchange(erased_, {});
}

void KeyTable::sort_by_hearing() {
  std::vector<KeyState*> all;
  all.reserve(size());
  each([&](KeyState& state) { all.push_back(&state); });
  std::sort(all.begin(), all.end(), [](const KeyState* left, const KeyState* right) {
    return left->heard != right->heard ? left->heard < right->heard : left->key() < right->key();
  });
  oldest_ = newest_ = nullptr;
  for (KeyState* state : all) {
    state->older = state->newer = nullptr;
    link_newest(*state);
    weigh(*state);
    heard_ = std::max(heard_, state->heard);
  }
}

}  // namespace sundial::rules
