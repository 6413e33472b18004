// Callers who wait for a workflow's result: many may wait for long, and none holds a thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agent/api/agent_control.hpp"
#include "platform/event_loop.hpp"

namespace sundial::api {

// Asks for each workflow once, however many wait for it, and the more rarely the more are asked for.
class ResultWaiters {
 public:
  static constexpr std::size_t kMaxWaiting = 400;  // fewer than the door has connections

  ResultWaiters(EventLoop& loop, AgentControl& agent) : loop_(loop), agent_(agent) {}
  ~ResultWaiters();
  ResultWaiters(const ResultWaiters&) = delete;
  ResultWaiters& operator=(const ResultWaiters&) = delete;

  // The result as soon as it is there; after `wait` what it is then, with the status "running".
  // exhausted: too many wait already.
  void wait_for(const std::string& workflow_id, const std::string& run_id, Millis wait,
                Answer<WorkflowResult> done);

 private:
  struct Waiter {
    Elapsed until;
    Answer<WorkflowResult> done;
  };
  struct Question {
    std::vector<Waiter> waiters;
    Millis pause{100};
    EventLoop::TimerId timer{};
    bool asking = false;
  };
  using Key = std::pair<std::string, std::string>;

  void ask(const Key& key);
  void heard(const Key& key, Result<WorkflowResult> result);

  EventLoop& loop_;
  AgentControl& agent_;
  std::map<Key, Question> questions_;
  std::size_t waiting_ = 0;
  // Answers that come after the end of this object find it gone.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace sundial::api
