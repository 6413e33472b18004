// The outbox and the rules over the last hour, for the charts of the status page.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>

#include "agent/api/agent_control.hpp"
#include "platform/event_loop.hpp"

namespace sundial::api {

struct LoadSample {
  Instant at{};
  std::uint64_t entries = 0;
  Millis oldest{0};
};

// What a rule did in each step, oldest first; a step without a sample before it has no figure.
struct RuleHistory {
  std::deque<std::uint32_t> matched;
  std::deque<std::uint32_t> fired;
};

class LoadHistory {
 public:
  static constexpr Millis kStep = std::chrono::seconds{30};
  static constexpr std::size_t kSamples = 120;
  static constexpr std::size_t kMostRules = 200;  // 200 KB; those beyond begin when the page is opened

  LoadHistory(EventLoop& loop, const AgentControl& agent);
  ~LoadHistory();
  LoadHistory(const LoadHistory&) = delete;
  LoadHistory& operator=(const LoadHistory&) = delete;

  const std::deque<LoadSample>& samples() const { return samples_; }
  const std::map<std::string, RuleHistory>& rules() const { return rules_; }

 private:
  void take_sample();
  void sample_rules();

  EventLoop& loop_;
  const AgentControl& agent_;
  std::deque<LoadSample> samples_;  // oldest first
  std::map<std::string, RuleHistory> rules_;
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> totals_;  // matched and fired, of each rule
  EventLoop::TimerId timer_{};
};

}  // namespace sundial::api
