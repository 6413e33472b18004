// The list of keys by hearing, and their weights.
#include "agent/core/rules/key_table.hpp"

#include <algorithm>

namespace sundial::rules {

std::uint64_t KeyState::current_weight() const {
  constexpr std::size_t kUnit = 1024;
  std::size_t bytes = key.size() + last.size();
  if (history) bytes += history->bytes;
  if (unique) bytes += unique->size() * sizeof(Fingerprint);
  if (window) bytes += window->bytes();
  return std::max<std::uint64_t>(1, (bytes + kUnit - 1) / kUnit);
}

KeyState* KeyTable::find(std::string_view key) const {
  const auto found = keys_.find(key);
  return found == keys_.end() ? nullptr : found->second.get();
}

KeyState& KeyTable::create(std::string_view key) {
  const auto [place, added] = keys_.emplace(std::string(key), std::make_unique<KeyState>());
  KeyState& state = *place->second;
  state.key = place->first;
  link_newest(state);
  state.heard = ++heard_;
  total_weight_ += state.weight;
  mark(state);
  return state;
}

void KeyTable::erase(KeyState& state) {
  unlink(state);
  total_weight_ -= state.weight;
  if (state.dirty) dirty_.erase(std::find(dirty_.begin(), dirty_.end(), &state));
  erased_.emplace_back(state.key);
  keys_.erase(keys_.find(state.key));
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
  const std::uint64_t weight = state.current_weight();
  total_weight_ += weight - state.weight;
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
  all.reserve(keys_.size());
  for (const auto& [key, state] : keys_) all.push_back(state.get());
  std::sort(all.begin(), all.end(), [](const KeyState* left, const KeyState* right) {
    return left->heard != right->heard ? left->heard < right->heard : left->key < right->key;
  });
  oldest_ = newest_ = nullptr;
  total_weight_ = 0;
  for (KeyState* state : all) {
    state->older = state->newer = nullptr;
    link_newest(*state);
    state->weight = state->current_weight();
    total_weight_ += state->weight;
    heard_ = std::max(heard_, state->heard);
  }
}

}  // namespace sundial::rules
