// What the agent subscribes to: a few filters for those of all rules, and which copy of a message counts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/rules/topic_filter.hpp"

namespace sundial::rules {

struct CompiledRule;

struct PlannedSubscription {
  TopicFilter filter;
  int qos = 0;
  int id = 0;                        // MQTT 5's subscription identifier, from 1
  std::vector<std::uint32_t> rules;  // whose messages come by it, ascending
};

// Where filters overlap, a broker may send a message once for each of them. So one that another covers
// is not subscribed by itself. Where two only cross, MQTT 5 tells by which subscription a copy came,
// and it counts for a rule only by the first of the agent's subscriptions that match its topic and
// feed the rule; 3.1.1 subscribes to what covers both. A $share filter stands by itself.
class SubscriptionPlan {
 public:
  SubscriptionPlan() = default;
  SubscriptionPlan(const std::vector<const CompiledRule*>& rules, int mqtt_version);

  const std::vector<PlannedSubscription>& subscriptions() const { return subscriptions_; }

  // Whether a copy that came by these subscriptions counts for the rule of this place. Without
  // identifiers there is only one copy.
  bool counts(std::uint32_t rule, const std::vector<std::string_view>& levels,
              const std::vector<int>& ids) const;

 private:
  void add(const TopicFilter& filter, int qos, std::uint32_t rule);
  void absorb_covered();
  bool join_crossing();

  std::vector<PlannedSubscription> subscriptions_;
};

}  // namespace sundial::rules
