// The state of a rule's keys as rows of the store, and as people see it.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "agent/core/rules/rule_runner.hpp"

namespace sundial::rules {
namespace {

constexpr char kKeyPrefix = 'k';
constexpr char kPiecePrefix = 'u';
constexpr std::size_t kPieceDigits = 2;
constexpr std::uint8_t kVersion = 2;

enum Has : std::uint16_t {
  kFired = 1,
  kReference = 2,
  kPrevious = 4,
  kFiredTime = 8,
  kFiredPayload = 16,
  kUnique = 32,
  kWindow = 64,
  kQuiet = 128,
};

std::uint64_t parts_of(const KeyState& state) {
  const History* history = state.memory().history.get();
  std::uint64_t has = 0;
  if (state.timing().last_fired) has |= kFired;
  if (state.timing().reference) has |= kReference;
  if (history != nullptr && history->previous) has |= kPrevious;
  if (history != nullptr && history->fired_time) has |= kFiredTime;
  if (history != nullptr && history->fired_payload) has |= kFiredPayload;
  if (state.memory().unique) has |= kUnique;
  if (state.window) has |= kWindow;
  if (state.quiet) has |= kQuiet;
  return has;
}

}  // namespace

std::string RuleRunner::encode(const KeyState& state) const {
  StateWriter out;
  const std::uint64_t has = parts_of(state);
  out.byte(kVersion);
  out.natural(has);
  out.natural(state.heard);
  const Timing& timing = state.timing();
  const Memory& memory = state.memory();
  out.integer(memory.count);
  out.byte(static_cast<std::uint8_t>(state.stretch));
  out.byte(static_cast<std::uint8_t>(state.silence));
  out.elapsed(timing.since);
  out.integer(timing.away_before.count());
  out.text(timing.last.view());
  if ((has & kFired) != 0) out.elapsed(*timing.last_fired);
  if ((has & kReference) != 0) out.value(*timing.reference);
  if (memory.history) out.natural(memory.history->bytes);
  if ((has & kPrevious) != 0) out.value(*memory.history->previous);
  if ((has & kFiredTime) != 0) out.instant(*memory.history->fired_time);
  if ((has & kFiredPayload) != 0) out.value(*memory.history->fired_payload);
  if ((has & kUnique) != 0) memory.unique->encode(out);
  if ((has & kWindow) != 0) state.window->encode(out);
  return out.take();
}

void RuleRunner::restore(std::string_view key, std::string_view bytes) {
  if (key.starts_with(RetainedMemory::kPrefix)) {
    retained_.restore(bytes);
    return;
  }
  if (key.starts_with(kPiecePrefix)) {
    restore_piece(key.substr(1), bytes);
    return;
  }
  if (!key.starts_with(kKeyPrefix) || !rule_.stateful() || keys_.find(key.substr(1)) != nullptr) return;
  KeyState& state = keys_.create(key.substr(1));
  StateReader in(bytes);
  decode(in, state);
  if (!in.done()) keys_.erase(state);
}

void RuleRunner::decode(StateReader& in, KeyState& state) const {
  if (in.byte() != kVersion) in.fail();
  const std::uint64_t has = in.natural();
  state.heard = in.natural();
  const std::int64_t count = in.integer();
  if (count != 0) state.memory().count = count;
  state.stretch = static_cast<Stretch>(std::min<std::uint8_t>(in.byte(), 2));
  state.silence = static_cast<Silence>(std::min<std::uint8_t>(in.byte(), 3));
  if (in.ok()) decode_timing(in, has, state);
  if ((has & (kPrevious | kFiredTime | kFiredPayload)) != 0) {
    auto history = std::make_unique<History>();
    history->bytes = static_cast<std::size_t>(in.natural());
    if ((has & kPrevious) != 0) history->previous = in.value();
    if ((has & kFiredTime) != 0) history->fired_time = in.instant();
    if ((has & kFiredPayload) != 0) history->fired_payload = in.value();
    state.memory().history = std::move(history);
  }
  if ((has & kUnique) != 0) state.memory().unique = std::make_unique<UniqueMemory>(UniqueMemory::decode(in));
  if ((has & kWindow) != 0 && rule_.window) state.window = WindowState::decode(*rule_.window, in);
}

void RuleRunner::decode_timing(StateReader& in, std::uint64_t has, KeyState& state) const {
  Timing read;
  read.since = in.elapsed();
  read.away_before = Millis{in.integer()};
  read.last.assign(in.text());
  state.quiet = (has & kQuiet) != 0;
  if ((has & kFired) != 0) read.last_fired = in.elapsed();
  if ((has & kReference) != 0) read.reference = std::make_unique<Value>(in.value());
  if (rule_.keeps_timing()) state.timing() = std::move(read);
}

// The pieces come after the keys, as their rows are ordered.
void RuleRunner::restore_piece(std::string_view row, std::string_view bytes) {
  if (row.size() < kPieceDigits) return;
  std::size_t piece = 0;
  const char* end = row.data() + kPieceDigits;
  if (std::from_chars(row.data(), end, piece, 16).ptr != end) return;
  KeyState* state = keys_.find(row.substr(kPieceDigits));
  if (state == nullptr || !std::as_const(*state).memory().unique) return;
  StateReader in(bytes);
  state->memory().unique->decode_piece(piece, in);
}

// Without bytes where the piece is gone.
model::StateChange RuleRunner::piece_row(const KeyState& state, std::size_t piece) const {
  const UniqueMemory& seen = *state.memory().unique;
  std::string row = fmt::format("{}{:02x}{}", kPiecePrefix, piece, state.key());
  if (piece >= seen.pieces()) return {owner(), std::move(row), std::nullopt};
  StateWriter out;
  seen.encode_piece(piece, out);
  return {owner(), std::move(row), out.take()};
}

// After all rows are read and the clock is set.
void RuleRunner::begin() {
  retained_.begin();
  keys_.each([](KeyState& state) {  // before they are weighed
    if (std::as_const(state).memory().unique) state.memory().unique->begin();
  });
  keys_.sort_by_hearing();
  static_cast<void>(keys_.take_dirty());
  static_cast<void>(keys_.take_erased());
  for (KeyState* state : keys_in_order()) {
    if (const auto& seen = std::as_const(*state).memory().unique; seen && seen->size() > 0) {
      unique_total_ += seen->size();
      unique_order_ = std::max(unique_order_, seen->last_order());
      first_seen_.place(state);
    }
    set_timer(*state);
  }
}

void RuleRunner::collect(std::vector<model::StateChange>& changes) {
  const std::string name = owner();
  for (const std::string& key : keys_.take_erased()) {
    if (keys_.find(key) == nullptr) changes.push_back({name, kKeyPrefix + key, std::nullopt});
  }
  for (std::string& row : std::exchange(gone_pieces_, {}))
    changes.push_back({name, std::move(row), std::nullopt});
  for (KeyState* state : keys_.take_dirty()) {
    changes.push_back({name, kKeyPrefix + std::string(state->key()), encode(*state)});
    if (!std::as_const(*state).memory().unique) continue;
    const std::uint64_t changed = state->memory().unique->take_changed();
    for (std::size_t piece = 0; piece < UniqueMemory::kMostPieces; ++piece) {
      if ((changed >> piece & 1) != 0) changes.push_back(piece_row(*state, piece));
    }
  }
  retained_.collect(name, changes);
}

void RuleRunner::everything(std::vector<model::StateChange>& changes) const {
  const std::string name = owner();
  for (const KeyState* state : keys_in_order()) {
    changes.push_back({name, kKeyPrefix + std::string(state->key()), encode(*state)});
    const auto& seen = std::as_const(*state).memory().unique;
    for (std::size_t piece = 0; seen && piece < seen->pieces(); ++piece)
      changes.push_back(piece_row(*state, piece));
  }
  retained_.everything(name, changes);
}

void RuleRunner::reset(const std::optional<std::string>& key) {
  if (key) {
    if (KeyState* state = keys_.find(*key)) forget(*state);
    return;
  }
  while (keys_.oldest() != nullptr) forget(*keys_.oldest());
  retained_.clear();
}

Value RuleRunner::describe_keys(std::size_t limit) const {
  List list;
  keys_.each([&](const KeyState& state) {
    if (list.size() >= limit) return;
    Map one;
    one.append("key", state.key());
    if (rule_.uses_state) one.append("count", state.memory().count);
    if (rule_.hold) one.append("holding", state.stretch == Stretch::running);
    if (rule_.silent_for)
      one.append("silent", state.silence == Silence::fired || state.silence == Silence::missed);
    if (rule_.clear_when) one.append("quiet", state.quiet);
    if (const auto& fired = state.timing().last_fired)
      one.append("fired", format_rfc3339(clock_.wall_of(*fired), Fraction::always));
    if (const std::optional<std::int64_t> due = due_of(state)) {
      const Instant at =
          timer_clock_ == TimerClock::wall ? Instant{Millis{*due}} : clock_.wall_of(Elapsed{Millis{*due}});
      one.append("due", format_rfc3339(at, Fraction::always));
    }
    if (const auto& seen = state.memory().unique) one.append("seen", static_cast<std::int64_t>(seen->size()));
    if (state.window) {
      std::int64_t messages = 0;
      for (const Pane& pane : state.window->panes) messages += static_cast<std::int64_t>(pane.messages);
      one.append("window", Map::of({{Value("messages"), Value(messages)}}));
    }
    one.append("weight", static_cast<std::int64_t>(state.weight));
    list.emplace_back(std::move(one));
  });
  return list;
}

}  // namespace sundial::rules
