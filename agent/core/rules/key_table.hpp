// The keys of a rule with their state, in the order in which they were heard, and bounded.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/core/rules/fingerprint.hpp"
#include "agent/core/rules/kept_text.hpp"
#include "agent/core/rules/open_table.hpp"
#include "agent/core/rules/unique_memory.hpp"
#include "agent/core/rules/window_state.hpp"
#include "platform/base/indexed_heap.hpp"
#include "platform/base/time.hpp"
#include "platform/base/value.hpp"

namespace sundial::rules {

// What `state` shows beside the count, where the rule asks for it.
struct History {
  std::optional<Value> previous;
  std::optional<Instant> fired_time;
  std::optional<Value> fired_payload;
  std::size_t bytes = 0;  // of the payloads
};

enum class Stretch : std::uint8_t { none, running, spent };  // of `hold`
enum class Silence : std::uint8_t { unheard, listening, fired, missed };

// Of a rule with `hold`, `change`, `cooldown` or `silent_for`.
struct Timing {
  std::optional<Elapsed> last_fired;  // for `cooldown`
  Elapsed since{};                    // the stretch began; or: was heard last
  Millis away_before{0};              // time away, until the stretch began
  std::unique_ptr<Value> reference;   // of `change`
  KeptText last;                      // the event that a hold or a silence will show
};

// Of a rule with `unique`, or with texts that name `state`.
struct Memory {
  std::int64_t count = 0;  // `state.count`
  std::unique_ptr<History> history;
  std::unique_ptr<UniqueMemory> unique;
};

// There are a hundred thousand of them: what only some rules need is made when it is written first, and
// the key's text lies behind its state.
class KeyState {
 public:
  KeyState(const KeyState&) = delete;
  KeyState& operator=(const KeyState&) = delete;

  std::string_view key() const { return {reinterpret_cast<const char*>(this + 1), key_size_}; }
  // As they are, or as they begin.
  const Timing& timing() const;
  const Memory& memory() const;
  Timing& timing();
  Memory& memory();
  std::uint64_t current_weight() const;

  KeyState* older = nullptr;
  KeyState* newer = nullptr;
  std::uint64_t heard = 0;   // place in the order of hearing
  std::int64_t due = 0;      // of its timer, by the clock of its rule
  std::uint32_t weight = 1;  // counts against max_keys
  std::uint32_t timer_place = kNowhere;
  std::uint32_t unique_place = kNowhere;
  bool dirty = false;
  bool quiet = false;  // it fired, and `clear_when` did not hold since
  Stretch stretch = Stretch::none;
  Silence silence = Silence::unheard;
  std::unique_ptr<WindowState> window;

 private:
  friend class KeyTable;

  KeyState(std::string_view key, std::uint32_t hash);
  ~KeyState() = default;

  std::uint32_t hash_;
  std::uint32_t key_size_;
  std::unique_ptr<std::pair<Timing, Memory>> extras_;
};

// A key's own order within a rule, at one instant: by its bytes.
struct DueBefore {
  bool operator()(const KeyState& left, const KeyState& right) const {
    return left.due != right.due ? left.due < right.due : left.key() < right.key();
  }
};
using Timers = IndexedHeap<KeyState, &KeyState::timer_place, DueBefore>;

class KeyTable {
 public:
  KeyTable() = default;
  KeyTable(const KeyTable&) = delete;
  KeyTable& operator=(const KeyTable&) = delete;
  ~KeyTable();

  KeyState* find(std::string_view key) const;
  // The key must not be there. It counts as heard.
  KeyState& create(std::string_view key);
  void erase(KeyState& state);

  void touch(KeyState& state);
  KeyState* oldest() const { return oldest_; }
  std::size_t size() const { return table_.size(); }

  void weigh(KeyState& state);
  std::uint64_t total_weight() const { return total_weight_; }

  void mark(KeyState& state);
  // The keys that changed and those that went since the last call.
  std::vector<KeyState*> take_dirty();
  std::vector<std::string> take_erased();

  // After a restore: brings the keys into the order of their `heard`.
  void sort_by_hearing();

  template <typename Visit>
  void each(Visit visit) const {
    for (KeyState* state = newest_; state != nullptr; state = state->older) visit(*state);
  }

 private:
  static void destroy(KeyState* state);
  void unlink(KeyState& state);
  void link_newest(KeyState& state);
  static std::size_t hash_of(const KeyState* state) { return state->hash_; }

  OpenTable<KeyState*> table_;
  KeyState* oldest_ = nullptr;
  KeyState* newest_ = nullptr;
  std::uint64_t heard_ = 0;
  std::uint64_t total_weight_ = 0;
  std::vector<KeyState*> dirty_;
  std::vector<std::string> erased_;
};

}  // namespace sundial::rules
