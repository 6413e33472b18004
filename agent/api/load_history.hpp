// The outbox over the last hour, for the chart of the status page.
#pragma once

#include <cstdint>
#include <deque>

#include "agent/api/agent_control.hpp"
#include "platform/event_loop.hpp"

namespace sundial::api {

struct LoadSample {
  Instant at{};
  std::uint64_t entries = 0;
  Millis oldest{0};
};

class LoadHistory {
 public:
  static constexpr Millis kStep = std::chrono::seconds{30};
  static constexpr std::size_t kSamples = 120;

  LoadHistory(EventLoop& loop, const AgentControl& agent);
  ~LoadHistory();
  LoadHistory(const LoadHistory&) = delete;
  LoadHistory& operator=(const LoadHistory&) = delete;

  const std::deque<LoadSample>& samples() const { return samples_; }

 private:
  void take_sample();

  EventLoop& loop_;
  const AgentControl& agent_;
  std::deque<LoadSample> samples_;  // oldest first
  EventLoop::TimerId timer_{};
};

}  // namespace sundial::api
