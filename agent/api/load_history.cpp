// One sample every half minute.
#include "agent/api/load_history.hpp"

namespace sundial::api {

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
  timer_ = loop_.at(loop_.now().elapsed + kStep, [this] { take_sample(); });
}

}  // namespace sundial::api
