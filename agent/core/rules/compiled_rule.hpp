// A rule as it is carried out: expressions compiled, filters parsed, and what has to be kept known.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/core/actions/actions.hpp"
#include "agent/core/actions/template.hpp"
#include "agent/core/expression/expression.hpp"
#include "agent/core/model/rule.hpp"
#include "agent/core/rules/accumulator.hpp"
#include "agent/core/rules/periods.hpp"
#include "agent/core/rules/topic_filter.hpp"

namespace sundial::rules {

enum class WindowKind {
  batch,          // count, timeout, close_when
  session,        // by arrival
  period,         // every, over: by arrival
  event_session,  // by the messages' own time
  event_period,
};

// One entry of `collect`, and where the results of its aggregates come from.
struct CollectEntry {
  struct Source {
    AggregateKind kind;
    std::optional<std::size_t> slot;  // not set: the messages of the window themselves
  };
  std::string name;
  expression::CollectExpression expression;
  std::vector<Source> sources;
};

struct CompiledWindow {
  WindowKind kind = WindowKind::batch;
  std::optional<std::int64_t> count;
  std::optional<Millis> timeout;
  std::optional<expression::Expression> close_when;
  std::optional<Periods> periods;
  std::int64_t steps = 1;  // over / every
  Millis gap{0};           // session
  std::optional<expression::Expression> time;
  Millis lateness{0};
  Millis ahead = std::chrono::hours{1};
  Limits limits;
  // Each expression within an aggregate once, however many aggregates use it.
  std::vector<expression::Expression> inners;
  std::vector<Slot> slots;
  std::vector<CollectEntry> collect;
  // By the index of a field in Scope::window_names: the entry that it is, where it is one.
  std::vector<std::optional<std::size_t>> entry_of_field;

  // Whether a closed window leaves something for the next ones to know.
  bool has_course() const {
    return by_event_time() || (kind == WindowKind::period && (steps > 1 || close_when));
  }
  bool by_event_time() const { return kind == WindowKind::event_session || kind == WindowKind::event_period; }
};

struct CompiledChange {
  expression::Expression of;
  std::optional<double> by;
  bool percent = false;
  bool of_window = false;  // judged when a window closes, else on what enters it
};

// What of a message, and of its key's state, something will ask for later than the message.
struct Keeps {
  bool payload = false;
  bool message = false;
  bool topic = false;
  bool state = false;
};

struct CompiledRule {
  std::string id;
  std::string fingerprint;

  std::vector<TopicFilter> filters;
  std::vector<std::string> names;                     // of the first filter, in its order
  std::vector<std::vector<std::size_t>> name_levels;  // by filter: the level of each name
  std::optional<std::string> webhook;
  int qos = 1;
  model::Decode decode = model::Decode::automatic;
  model::Retained retained = model::Retained::use;
  std::uint64_t max_keys = 100'000;

  std::optional<expression::Expression> when;
  std::optional<actions::Template> key;
  std::optional<expression::Expression> unique;
  std::optional<expression::Expression> clear_when;
  std::optional<Millis> hold;
  std::optional<CompiledChange> change;
  std::optional<Millis> cooldown;
  std::optional<CompiledWindow> window;
  std::optional<expression::Expression> having;
  std::optional<Millis> silent_for;
  std::vector<actions::CompiledAction> actions;
  std::vector<actions::CompiledAction> back;

  bool key_from_topic = true;  // no payload is needed to know the key
  bool uses_state = false;     // any text names `state`
  bool uses_previous = false;  // … `state.previous`
  bool uses_fired = false;     // … `state.fired`
  Keeps keeps;
  bool keeps_timing() const { return hold || change || cooldown || silent_for; }
  // Whether there is anything to remember between two messages of a key.
  bool stateful() const {
    return unique || clear_when || hold || change || cooldown || window || silent_for || uses_state;
  }
};

// What the compilation of a rule needs to know of the world.
struct CompileContext {
  const ZoneSource* zones = nullptr;
  std::shared_ptr<const TimeZone> zone;  // the device's
};

// Everything that is wrong goes to `problems`, in one go; the rule is whole only where nothing was added.
CompiledRule compile_rule(const model::RuleDefinition& definition, const CompileContext& context,
                          std::vector<model::Problem>& problems);

// What holds between rules: shared filters that another filter overlaps, with MQTT 3.1.1.
void check_shared_filters(const std::vector<CompiledRule>& compiled,
                          const std::vector<model::RuleDefinition>& definitions, int mqtt_version,
                          std::vector<model::Problem>& problems);

// The fields of `window`, in the order of expression::Scope::window_names; what else `collect` names follows.
enum class WindowField : std::size_t { start, end, count, key, truncated };
inline constexpr std::size_t kWindowFields = 5;

}  // namespace sundial::rules
