// What every rule does with a message: retained, decoding, key, unique, when; and its bounds.
#include "agent/core/rules/rule_runner.hpp"

#include <utility>

namespace sundial::rules {
namespace {

TimerClock clock_for(const CompiledRule& rule) {
  if (rule.hold || rule.silent_for) return TimerClock::presence;
  if (!rule.window) return TimerClock::none;
  switch (rule.window->kind) {
    case WindowKind::batch:
      return rule.window->timeout ? TimerClock::elapsed : TimerClock::none;
    case WindowKind::session:
      return TimerClock::elapsed;
    case WindowKind::period:
      return TimerClock::wall;
    case WindowKind::event_session:
    case WindowKind::event_period:
      return TimerClock::presence;
  }
  return TimerClock::none;
}

}  // namespace

RuleRunner::RuleRunner(CompiledRule rule, Surroundings surroundings)
    : rule_(std::move(rule)),
      device_(surroundings.device),
      clock_(surroundings.clock),
      decisions_(surroundings.decisions),
      timers_changed_(surroundings.timers_changed),
      timer_clock_(clock_for(rule_)) {}

void RuleRunner::take(LiveMessage& live, std::uint32_t filter) {
  ++counters_.matched;
  name_values(rule_, filter, live.levels(), values_);
  Incoming in{live, live.now(), {}, {}, {}, nullptr, false, std::nullopt};
  in.event.message = &live.message();
  in.event.time = live.time();
  in.event.topic = {rule_.names, values_};
  in.event.filter = filter;
  const Result<decode::Decoded>& decoded = live.decoded(rule_.decode);
  if (decoded) {
    in.event.payload = &decoded->payload;
    if (decoded->was_json) in.event.payload_json = live.message().payload;
  }
  if (drops_retained(live.message())) {
    static_cast<void>(find_key(in));
    note(in.key, in.id(), "retained", in.now.wall);
    return;
  }
  if (!decoded) {
    undecodable(in, decoded.error().message());
    return;
  }
  if (const Result<void> found = find_key(in); !found) {
    note(in.key, in.id(), "error", in.now.wall, found.error().message());
    return;
  }
  see_state(in);
  if (!passes_unique(in)) return;
  in.holds = !rule_.when || holds(rule_.when, "when", in.key, in.id(), in.bindings);
  carry_on(in);
}

// A retained message that says nothing new, or that the rule does not take.
bool RuleRunner::drops_retained(const model::Message& message) const {
  return message.retained ? rule_.retained == model::Retained::ignore || rule_.silent_for ||
                                retained_.is_known(message.topic, message.payload)
                          : rule_.retained == model::Retained::only && !message.webhook;
}

// The default key is the values of the names; a template's is text, or a number written out.
Result<void> RuleRunner::find_key(Incoming& in) {
  in.key.clear();
  for (std::size_t i = 0; i < values_.size(); ++i) in.key.append(i == 0 ? "" : "/").append(values_[i]);
  in.bindings = in.event.bindings(rule_, device_, in.now.wall);
  if (!rule_.key) return {};
  Result<std::string> key = rule_.key->render_text(in.bindings);
  if (!key) return key.error().within("key");
  in.key = *std::move(key);
  return {};
}

// No event, but hearing where neither key nor condition needed the payload.
void RuleRunner::undecodable(Incoming& in, const std::string& why) {
  const bool has_key = find_key(in).has_value();
  note(in.key, in.id(), "error", in.now.wall, "the payload cannot be decoded: " + why);
  if (!has_key || !rule_.key_from_topic || !rule_.silent_for || rule_.when || rule_.unique) return;
  see_state(in);
  if (in.state == nullptr) {
    in.state = &keys_.create(in.key);
    make_room(*in.state, in);
  }
  keys_.touch(*in.state);
  hear(in);
  set_timer(*in.state);
}

void RuleRunner::see_state(Incoming& in) const {
  in.state = rule_.stateful() ? keys_.find(in.key) : nullptr;
  if (in.state != nullptr) {
    const Memory& memory = std::as_const(*in.state).memory();
    in.event.state.count = memory.count;
    if (const History* history = memory.history.get()) {
      if (history->previous) in.event.state.previous = &*history->previous;
      if (history->fired_payload) in.event.state.fired_payload = &*history->fired_payload;
      in.event.state.fired_time = history->fired_time;
    }
  }
  in.bindings = in.event.bindings(rule_, device_, in.now.wall);
}

bool RuleRunner::passes_unique(Incoming& in) {
  if (!rule_.unique) return true;
  const Result<Value> value = rule_.unique->evaluate(in.bindings);
  if (!value) {
    note(in.key, in.id(), "error", in.now.wall, "unique: " + value.error().message());
    return false;
  }
  in.mark = fingerprint_of(*value);
  const UniqueMemory* seen = in.state == nullptr ? nullptr : std::as_const(*in.state).memory().unique.get();
  if (in.mark && seen != nullptr && seen->contains(*in.mark)) {
    note(in.key, in.id(), "unique", in.now.wall);
    return false;
  }
  return true;
}

// A condition that fails does not hold; it is counted, and the first one is told.
bool RuleRunner::holds(const std::optional<expression::Expression>& condition, std::string_view name,
                       std::string_view key, std::string_view event, const expression::Bindings& bindings) {
  const expression::Outcome outcome = condition->test(bindings);
  if (outcome != expression::Outcome::failed) return outcome == expression::Outcome::holds;
  ++counters_.failed;
  if (failure_noted_) return false;
  failure_noted_ = true;
  std::string why;
  static_cast<void>(condition->test(bindings, &why));
  decisions_.noted({rule_, key, event, "failed", name, why, bindings.now.value_or(Instant{})});
  return false;
}

void RuleRunner::carry_on(Incoming& in) {
  if (in.holds && rule_.retained != model::Retained::ignore && !rule_.silent_for &&
      !in.live.message().webhook) {
    retained_.heard(in.live.message().topic, in.live.message().payload, rule_.max_keys);
  }
  if (!rule_.stateful()) {
    if (in.holds) {
      actions::Firing fired = firing(actions::Firing::Kind::message, in.key, in.now.wall);
      fired.message_id = in.id();
      fire(nullptr, fired, in.bindings, in.event, in.now);
    }
    return;
  }
  if (in.state == nullptr) {
    if (!in.holds && !rule_.unique && !rule_.uses_state) return;
    in.state = &keys_.create(in.key);
    make_room(*in.state, in);
  } else if (in.holds) {
    keys_.touch(*in.state);
  }
  if (rule_.window) {
    if (in.holds) enter_window(in);
  } else if (rule_.silent_for) {
    if (in.holds) hear(in);
  } else {
    time_message(in);
  }
  remember_event(in);
  keys_.weigh(*in.state);
  make_room(*in.state, in);
  set_timer(*in.state);
}

void RuleRunner::remember_event(Incoming& in) {
  KeyState& state = *in.state;
  if (in.mark) remember_unique(state, *in.mark);
  if (!rule_.uses_state) return;
  keys_.mark(state);
  Memory& memory = state.memory();
  ++memory.count;
  if (!rule_.uses_previous) return;
  if (!memory.history) memory.history = std::make_unique<History>();
  memory.history->previous = *in.event.payload;
  memory.history->bytes = in.live.message().payload.size();
}

std::string_view RuleRunner::remember(const Event& event) {
  remembered_.clear();
  rules::remember(rule_, event, remembered_);
  return remembered_.view();
}

void RuleRunner::remember_unique(KeyState& state, const Fingerprint& mark) {
  keys_.mark(state);
  std::unique_ptr<UniqueMemory>& seen = state.memory().unique;
  if (!seen) seen = std::make_unique<UniqueMemory>();
  if (!seen->add(mark, ++unique_order_)) ++unique_total_;
  first_seen_.place(&state);
  if (unique_total_ <= kUniqueOfRule) return;
  KeyState& oldest = *first_seen_.top();
  keys_.mark(oldest);
  oldest.memory().unique->forget_first();
  --unique_total_;
  oldest.memory().unique->size() == 0 ? first_seen_.remove(&oldest) : first_seen_.place(&oldest);
}

// The key that was silent longest leaves, its open windows closed first; the last one never does.
void RuleRunner::make_room(const KeyState& latest, const Incoming& in) {
  while (keys_.total_weight() > rule_.max_keys && keys_.oldest() != &latest) {
    KeyState& leaving = *keys_.oldest();
    if (leaving.window) close_everything(leaving, {Closing::Why::eviction, in.now, in.id(), nullptr});
    ++counters_.evicted;
    decisions_.noted({rule_, leaving.key(), in.id(), "evicted", "max_keys", "", in.now.wall});
    forget(leaving);
  }
}

void RuleRunner::forget(KeyState& state) {
  timers_changed_ = true;
  timers_.remove(&state);
  first_seen_.remove(&state);
  if (std::as_const(state).memory().unique) {
    UniqueMemory& seen = *state.memory().unique;
    unique_total_ -= seen.size();
    const std::uint64_t changed = seen.take_changed();
    for (std::size_t piece = 0; piece < UniqueMemory::kMostPieces; ++piece) {
      if (piece < seen.pieces() || (changed >> piece & 1) != 0)
        gone_pieces_.push_back(piece_row(state, piece).key);
    }
  }
  keys_.erase(state);
}

void RuleRunner::note(std::string_view key, std::string_view event, std::string_view reason, Instant at,
                      std::string detail) {
  decisions_.noted({rule_, key, event, "suppressed", reason, std::move(detail), at});
}

actions::Firing RuleRunner::firing(actions::Firing::Kind kind, std::string_view key, Instant at) const {
  actions::Firing made;
  made.kind = kind;
  made.owner = rule_.id;
  made.key = key;
  made.at = at;
  return made;
}

void RuleRunner::fire(KeyState* state, const actions::Firing& firing, const expression::Bindings& bindings,
                      const Event& event, Moment at) {
  decisions_.fired({rule_, false, firing, bindings, at});
  if (state == nullptr) return;
  keys_.mark(*state);
  if (rule_.cooldown) state->timing().last_fired = at.elapsed;
  state->quiet = rule_.clear_when.has_value();
  if (!rule_.uses_fired) return;
  std::unique_ptr<History>& history = state->memory().history;
  if (!history) history = std::make_unique<History>();
  history->fired_time = at.wall;
  history->fired_payload.reset();
  if (event.payload != nullptr) history->fired_payload = *event.payload;
}

}  // namespace sundial::rules
