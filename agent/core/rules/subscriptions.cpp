// Merging the filters of all rules.
#include "agent/core/rules/subscriptions.hpp"

#include <algorithm>

#include "agent/core/rules/compiled_rule.hpp"

namespace sundial::rules {
namespace {

void take_in(PlannedSubscription& into, const PlannedSubscription& from) {
  into.qos = std::max(into.qos, from.qos);
  for (const std::uint32_t rule : from.rules) {
    const auto place = std::lower_bound(into.rules.begin(), into.rules.end(), rule);
    if (place == into.rules.end() || *place != rule) into.rules.insert(place, rule);
  }
}

}  // namespace

SubscriptionPlan::SubscriptionPlan(const std::vector<const CompiledRule*>& rules, int mqtt_version) {
  for (std::uint32_t i = 0; i < rules.size(); ++i) {
    for (const TopicFilter& filter : rules[i]->filters) add(filter, rules[i]->qos, i);
  }
  do {
    absorb_covered();
  } while (mqtt_version == 3 && join_crossing());
  // A rule that has both hears by the one that is its own alone.
  std::stable_partition(subscriptions_.begin(), subscriptions_.end(),
                        [](const PlannedSubscription& one) { return !one.filter.shared(); });
  int id = 0;
  for (PlannedSubscription& one : subscriptions_) one.id = ++id;
}

void SubscriptionPlan::add(const TopicFilter& filter, int qos, std::uint32_t rule) {
  const PlannedSubscription made{filter, qos, 0, {rule}};
  for (PlannedSubscription& one : subscriptions_) {
    if (one.filter.subscription() != filter.subscription()) continue;
    take_in(one, made);
    return;
  }
  subscriptions_.push_back(made);
}

void SubscriptionPlan::absorb_covered() {
  for (std::size_t inner = 0; inner < subscriptions_.size();) {
    bool absorbed = false;
    for (std::size_t outer = 0; outer < subscriptions_.size() && !absorbed; ++outer) {
      if (outer == inner || subscriptions_[outer].filter.shared() || subscriptions_[inner].filter.shared())
        continue;
      if (!covers(subscriptions_[outer].filter, subscriptions_[inner].filter)) continue;
      take_in(subscriptions_[outer], subscriptions_[inner]);
      absorbed = true;
    }
    if (absorbed) {
      subscriptions_.erase(subscriptions_.begin() + static_cast<std::ptrdiff_t>(inner));
    } else {
      ++inner;
    }
  }
}

bool SubscriptionPlan::join_crossing() {
  for (std::size_t left = 0; left < subscriptions_.size(); ++left) {
    for (std::size_t right = left + 1; right < subscriptions_.size(); ++right) {
      PlannedSubscription& one = subscriptions_[left];
      const PlannedSubscription& other = subscriptions_[right];
      if (one.filter.shared() || other.filter.shared() || !overlap(one.filter, other.filter)) continue;
      one.filter = join(one.filter, other.filter);
      take_in(one, other);
      subscriptions_.erase(subscriptions_.begin() + static_cast<std::ptrdiff_t>(right));
      return true;
    }
  }
  return false;
}

bool SubscriptionPlan::counts(std::uint32_t rule, const std::vector<std::string_view>& levels,
                              const std::vector<int>& ids) const {
  if (ids.empty()) return true;
  for (const PlannedSubscription& one : subscriptions_) {
    if (!std::binary_search(one.rules.begin(), one.rules.end(), rule) || !matches(one.filter, levels))
      continue;
    return std::find(ids.begin(), ids.end(), one.id) != ids.end();
  }
  return false;
}

}  // namespace sundial::rules
