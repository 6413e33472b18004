// What rules tell of their decisions; the engine makes records and the ledger of it.
#pragma once

#include <string>
#include <string_view>

#include "agent/core/actions/actions.hpp"
#include "agent/core/expression/scope.hpp"
#include "agent/core/rules/compiled_rule.hpp"
#include "platform/base/time.hpp"

namespace sundial::rules {

// A rule fired: its actions (or those of `back`) are due.
struct Fired {
  const CompiledRule& rule;
  bool back = false;
  actions::Firing firing;
  const expression::Bindings& bindings;
  Moment at;
};

// Something did not fire, or happened beside firings.
struct Noted {
  const CompiledRule& rule;
  std::string_view key;
  std::string_view event;   // the message's id; empty for what the clock did
  std::string_view what;    // suppressed, evicted, failed
  std::string_view reason;  // unique, having, clear_when, hold, change, cooldown, retained, late, error, …
  std::string detail;
  Instant at;
};

class Decisions {
 public:
  virtual ~Decisions() = default;
  virtual void fired(const Fired& fired) = 0;
  virtual void noted(const Noted& noted) = 0;
};

}  // namespace sundial::rules
