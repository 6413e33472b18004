// All rules together: which a message goes to, in which order what is due is worked off, and the clock.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/model/effects.hpp"
#include "agent/core/model/input.hpp"
#include "agent/core/model/settings.hpp"
#include "agent/core/rules/filter_index.hpp"
#include "agent/core/rules/rule_runner.hpp"
#include "agent/core/rules/subscriptions.hpp"

namespace sundial::rules {

class Rules {
 public:
  // The rules must be whole. `version` is that of [mqtt].
  Rules(std::vector<CompiledRule> compiled, const expression::DeviceView& device, int mqtt_version,
        Decisions& decisions);
  Rules(const Rules&) = delete;
  Rules& operator=(const Rules&) = delete;

  void restore(std::string_view owner, std::string_view key, std::string_view bytes);
  void begin(Moment now);

  // The next instant at which something is due, and all that is due at it: by rule, key and window.
  std::optional<Instant> next_due() const;
  void work_off(Instant due);

  // The moment of an input, before it is taken: what is due is worked off already.
  void set_clock(Moment now);
  void take(const model::Message& message, Moment now);
  void absence(bool away, Moment now);
  void clock_stepped(Instant before, Moment now);
  void reset(const std::string& rule, const std::optional<std::string>& key);
  // Closes the windows of a rule that changes or goes, and forgets its state.
  void retire(const std::string& rule, Moment now);

  std::optional<Instant> next_wall() const;
  std::optional<Elapsed> next_elapsed() const;

  std::vector<model::StateChange> collect();
  std::vector<model::StateChange> everything() const;
  const std::vector<std::unique_ptr<RuleRunner>>& runners() const { return runners_; }
  const SubscriptionPlan& plan() const { return plan_; }

 private:
  model::StateChange clock_row() const;
  RuleRunner* find(std::string_view id) const;

  RuleClock clock_;
  std::string saved_clock_;
  std::vector<std::unique_ptr<RuleRunner>> runners_;
  FilterIndex index_;
  SubscriptionPlan plan_;
  // What next_due found last, until a timer changes.
  mutable std::optional<Instant> next_;
  mutable bool timers_changed_ = true;
  std::vector<std::string_view> levels_;  // of the message at hand
  std::vector<FilterIndex::Entry> matched_;
};

}  // namespace sundial::rules
