// Actions: the tables of the configuration, compiled; and what a firing makes of them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/expression/scope.hpp"
#include "agent/core/model/action.hpp"
#include "platform/base/result.hpp"
#include "platform/base/time.hpp"
#include "platform/base/value.hpp"

namespace sundial::actions {

// What fired: from this the id of a start is made that has none.
struct Firing {
  enum class Kind {
    message,         // by a message, or by a window which its own last message closed: message_id
    window,          // by a window that closed otherwise: key, window_start, window_end
    evicted_window,  // closed because its key had to leave: key, window_start, message_id of what brought the
                     // new key
    reload_window,   // closed by a reload: key, window_start, window_end = the instant of the reload
    timer,           // hold or silence: key, at
    back,            // heard again after a silence: message_id
    schedule,        // schedule_time
  };
  Kind kind = Kind::message;
  std::string_view owner;  // the rule's or the schedule's id
  std::string_view key;
  std::string_view message_id;
  Instant window_start{};
  Instant window_end{};
  Instant at{};             // the instant of the firing
  Instant schedule_time{};  // nominal due time, or the moment of a manual trigger
};

// One action, ready for the outbox.
struct RenderedAction {
  model::ActionKind kind = model::ActionKind::start;
  Map action;                // as `replay` shows it, without `kind`
  bool id_left_out = false;  // OutboxRecord's
  bool id_names_event = false;
  std::optional<Millis> expires;
  int priority = 0;
  std::optional<Value> result_to;  // bound: see bind_result
};

// An action as a table of the configuration, checked and compiled.
class CompiledAction {
 public:
  struct Place {
    std::string where;     // "[rule.overheat] signal", for problems
    int start_number = 1;  // this is the owner's first, second, … `start` (`back` counts by itself)
  };

  // Checks keys, types, durations and templates; everything wrong goes to `problems`. `scope` is the
  // firing's; `each` and `{result}` are added here where they belong.
  static std::optional<CompiledAction> compile(const model::ActionDefinition& definition,
                                               const expression::Scope& scope, const Place& place,
                                               std::vector<model::Problem>& problems);

  CompiledAction(CompiledAction&&) noexcept;
  CompiledAction& operator=(CompiledAction&&) noexcept;
  ~CompiledAction();

  model::ActionKind kind() const;

  // One result an element of `each`, else one: the action, or why there is none (counted, in the ledger).
  std::vector<Result<RenderedAction>> render(const expression::Bindings& bindings,
                                             const Firing& firing) const;

  // The variables that it names, so that a rule keeps no more of a message than its actions need.
  expression::Variables uses() const;
  bool names(expression::Variable variable, std::string_view field) const;

  // The id was left out, or names the firing's own message.id, schedule.time, window.start or window.end.
  bool id_names_event() const;
  // The id was left out or holds {schedule.time}: required of `overlap = "allow_all"`.
  bool id_names_due_time() const;

 private:
  struct Compiled;
  explicit CompiledAction(std::unique_ptr<const Compiled> compiled);
  Result<RenderedAction> render_one(const expression::Bindings& bindings, const Firing& firing,
                                    std::optional<std::size_t> element) const;
  std::unique_ptr<const Compiled> compiled_;
};

// Compiles a list of actions in its order, counting its starts.
std::vector<CompiledAction> compile_all(const std::vector<model::ActionDefinition>& definitions,
                                        const expression::Scope& scope, const std::string& where,
                                        std::vector<model::Problem>& problems);

// The id of a start that has none. `start_number` from 1; `element` is its place under `each`.
std::string made_id(const Firing& firing, int start_number, std::optional<std::size_t> element);

// What `result_to` publishes once the workflow has ended.
struct ResultMessage {
  std::string topic;
  Value payload;  // text is sent as text, bytes as bytes, anything else as its JSON
};

// From the `result_to` that a record carries: `result` is the workflow's result or its error object,
// `status` as in the API ("completed", "failed", …).
Result<ResultMessage> bind_result(const Value& result_to, const Value& result, std::string_view status);

}  // namespace sundial::actions
