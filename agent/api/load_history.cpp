// One sample every half minute.
#include "agent/api/load_history.hpp"

#include <algorithm>
#include <utility>

namespace sundial::api {

namespace {

void add(std::deque<std::uint32_t>& steps, std::uint64_t before, std::uint64_t now) {
  steps.push_back(static_cast<std::uint32_t>(now - std::min(before, now)));
  if (steps.size() > LoadHistory::kSamples) steps.pop_front();
}

}  // namespace

LoadHistory::LoadHistory(EventLoop& loop, const AgentControl& agent) : loop_(loop), agent_(agent) {
  timer_ = loop_.at(loop_.now().elapsed, [this] { take_sample(); });
}

LoadHistory::~LoadHistory() {
  loop_.cancel(timer_);
}

void LoadHistory::take_sample() {
  const AgentStatus status = agent_.status();
  samples_.push_back({loop_.now().wall, status.outbox.entries, status.outbox.oldest});
  if (samples_.size() > kSamples) samples_.pop_front();
  sample_rules();
  timer_ = loop_.at(loop_.now().elapsed + kStep, [this] { take_sample(); });
}

// A rule that went with a reload leaves with its history.
void LoadHistory::sample_rules() {
  const Metrics& metrics = agent_.metrics();
  std::map<std::string, RuleHistory> rules;
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> totals;
  for (const model::RuleDefinition& rule : agent_.configuration().rules) {
    if (rules.size() == kMostRules) break;
    const std::pair now(metrics.value("rule_matched_total", rule.id),
                        metrics.value("rule_fired_total", rule.id));
    RuleHistory& history = rules[rule.id] = std::move(rules_[rule.id]);
    if (const auto before = totals_.find(rule.id); before != totals_.end()) {
      add(history.matched, before->second.first, now.first);
      add(history.fired, before->second.second, now.second);
    }
    totals[rule.id] = now;
  }
  rules_ = std::move(rules);
  totals_ = std::move(totals);
}

}  // namespace sundial::api
