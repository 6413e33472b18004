// A rule at work: takes messages, keeps the state of its keys, and works off what is due.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "agent/core/model/effects.hpp"
#include "agent/core/rules/compiled_rule.hpp"
#include "agent/core/rules/decisions.hpp"
#include "agent/core/rules/event.hpp"
#include "agent/core/rules/key_table.hpp"
#include "agent/core/rules/retained_memory.hpp"
#include "agent/core/rules/rule_clock.hpp"

namespace sundial::rules {

// Which clock the timers of a rule run by. All timers of one rule run by the same.
enum class TimerClock {
  none,
  wall,      // periods by arrival
  elapsed,   // timeouts, sessions
  presence,  // hold, silence, quiet: elapsed, but not while the broker or the agent is away
};

class RuleRunner {
 public:
  struct Surroundings {
    const expression::DeviceView& device;
    const RuleClock& clock;
    Decisions& decisions;
    bool& timers_changed;  // set when next_due() may have changed
  };

  RuleRunner(CompiledRule rule, Surroundings surroundings);

  const CompiledRule& rule() const { return rule_; }

  // A message that the filter of this place matched; for a webhook any place.
  void take(LiveMessage& live, std::uint32_t filter);

  // When the next timer is due, as a time of the wall and by its own clock.
  std::optional<Instant> next_due() const;
  TimerClock timer_clock() const { return timer_clock_; }
  std::int64_t next_timer() const { return timers_.top()->due; }
  // Works off all that is due at exactly this instant.
  void work_off(Instant due);

  // The wall clock was set from `before` to the clock's present time.
  void clock_stepped(Moment before, Instant after);
  // The absence ended: timers of presence run again.
  void returned();
  // The rule changes or goes: closes its open windows.
  void close_all(Moment now);
  void reset(const std::optional<std::string>& key);

  // State, as rows of the store.
  void restore(std::string_view key, std::string_view bytes);
  void begin();
  void collect(std::vector<model::StateChange>& changes);
  void everything(std::vector<model::StateChange>& changes) const;

  struct Counters {
    std::uint64_t matched = 0;
    std::uint64_t failed = 0;  // conditions that failed on a message
    std::uint64_t evicted = 0;
  };
  const Counters& counters() const { return counters_; }
  std::size_t keys() const { return keys_.size(); }
  Value describe_keys(std::size_t limit) const;

 private:
  struct UniqueBefore {
    bool operator()(const KeyState& left, const KeyState& right) const {
      return left.memory().unique->first_order() < right.memory().unique->first_order();
    }
  };

  // A message on its way through the rule.
  struct Incoming {
    LiveMessage& live;
    Moment now;
    Event event;
    expression::Bindings bindings;
    std::string key;
    KeyState* state = nullptr;
    bool holds = false;               // `when`
    std::optional<Fingerprint> mark;  // of the value of `unique`

    std::string_view id() const { return live.message().id; }
  };

  // Why a window closes.
  struct Closing {
    enum class Why { own_message, time, eviction, reload };
    Why why = Why::time;
    Moment at{};
    std::string_view message_id;  // own_message, eviction
    const Event* own = nullptr;   // the last message of the window, where it is at hand
  };

  // rule_runner.cpp: what all rules do with a message
  bool drops_retained(const model::Message& message) const;
  Result<void> find_key(Incoming& in);
  void undecodable(Incoming& in, const std::string& why);
  void see_state(Incoming& in) const;
  bool passes_unique(Incoming& in);
  bool holds(const std::optional<expression::Expression>& condition, std::string_view name,
             std::string_view key, std::string_view event, const expression::Bindings& bindings);
  void carry_on(Incoming& in);
  void remember_event(Incoming& in);
  std::string_view remember(const Event& event);
  void remember_unique(KeyState& state, const Fingerprint& mark);
  void make_room(const KeyState& latest, const Incoming& in);
  void forget(KeyState& state);
  void note(std::string_view key, std::string_view event, std::string_view reason, Instant at,
            std::string detail = {});
  void fire(KeyState* state, const actions::Firing& firing, const expression::Bindings& bindings,
            const Event& event, Moment at);
  actions::Firing firing(actions::Firing::Kind kind, std::string_view key, Instant at) const;

  // timing.cpp: clear_when, hold, change, cooldown and silence
  void time_message(Incoming& in);
  bool is_free(KeyState& state, bool fires, const expression::Bindings& bindings, std::string_view event,
               Instant at);
  void follow_stretch(Incoming& in, bool stopped);
  bool changed(const KeyState& state, const expression::Bindings& bindings, std::string_view event,
               Instant at, std::unique_ptr<Value>& value);
  void judge_and_fire(KeyState& state, const actions::Firing& firing, const expression::Bindings& bindings,
                      const Event& event, Moment at);
  bool cools_down(const KeyState& state, Moment at) const;
  void end_hold(KeyState& state, Moment at);
  void hear(Incoming& in);
  void end_silence(KeyState& state, Moment at);

  // windows.cpp: how windows fill and close
  void enter_window(Incoming& in);
  void enter_by_arrival(Incoming& in, WindowState& window);
  Pane& open_pane(WindowState& window, Moment now) const;
  bool closes_with(const Incoming& in, const Pane& pane);
  void close_by_timer(KeyState& state, Moment at);
  void close_everything(KeyState& state, const Closing& closing);
  void close(KeyState& state, const Pane& pane, Instant start, Instant end, const Closing& closing);
  void judge_window(KeyState& state, const expression::Bindings& bindings, const Event& event,
                    const actions::Firing& firing, Moment at);
  actions::Firing firing_of(const Closing& closing, std::string_view key, Instant start, Instant end) const;
  void add(Incoming& in, WindowState& window, Pane& pane);
  Pane gather(const WindowState& window, Instant start, Instant end) const;
  Instant window_start(Instant end) const;
  Instant last_end(const Pane& pane) const;
  std::optional<Instant> next_end(const WindowState& window) const;

  // event_windows.cpp: by the messages' own time
  std::optional<Instant> event_time(Incoming& in);
  bool is_closed(const WindowState& window, Instant end) const;
  bool is_late(const WindowState& window, Instant time) const;
  // Whether it found an open window.
  bool enter_by_event_time(Incoming& in, WindowState& window, Instant time);
  void add_to_session(Incoming& in, WindowState& window, Instant time);
  void add_to_period(Incoming& in, WindowState& window, Instant time);
  std::optional<Instant> first_open_end(const WindowState& window) const;
  std::optional<Instant> first_open_end(const WindowState& window, Period period) const;
  void close_event_window(KeyState& state, Instant end, const Closing& closing);
  void drop_closed(WindowState& window) const;
  Elapsed quiet_due(const WindowState& window, Instant end) const;

  // runner_timers.cpp and runner_state.cpp
  void set_timer(KeyState& state);
  std::optional<std::int64_t> due_of(const KeyState& state) const;
  std::optional<std::int64_t> window_due(const KeyState& state) const;
  void work_off(KeyState& state, Moment at);
  std::vector<KeyState*> keys_in_order() const;
  std::string encode(const KeyState& state) const;
  void decode(StateReader& in, KeyState& state) const;
  void restore_piece(std::string_view row, std::string_view bytes);
  model::StateChange piece_row(const KeyState& state, std::size_t piece) const;
  void decode_timing(StateReader& in, std::uint64_t has, KeyState& state) const;
  std::string owner() const { return "rule/" + rule_.id; }

  CompiledRule rule_;
  const expression::DeviceView& device_;
  const RuleClock& clock_;
  Decisions& decisions_;
  bool& timers_changed_;
  TimerClock timer_clock_;
  KeyTable keys_;
  Timers timers_;
  IndexedHeap<KeyState, &KeyState::unique_place, UniqueBefore> first_seen_;
  std::uint64_t unique_order_ = 0;
  std::uint64_t unique_total_ = 0;
  std::vector<std::string> gone_pieces_;  // rows of what `unique` remembered of keys that went
  RetainedMemory retained_;
  std::vector<std::string_view> values_;  // of the topic's names, of the message at hand
  StateWriter remembered_;                // the event at hand, while it is kept
  Counters counters_;
  bool failure_noted_ = false;
};

}  // namespace sundial::rules
