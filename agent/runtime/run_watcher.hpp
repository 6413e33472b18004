// Hears of the ends of workflows that schedules started (overlap, pause_on_failure).
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/model/effects.hpp"
#include "agent/core/model/input.hpp"
#include "agent/ports/store.hpp"
#include "agent/ports/workflow_service.hpp"
#include "platform/event_loop.hpp"
#include "platform/worker.hpp"

namespace sundial::runtime {

// On the loop's thread, with one question to Temporal at a time. What is watched is a fact of the
// store, so that a restart goes on watching.
class RunWatcher {
 public:
  struct Parts {
    EventLoop& loop;
    Worker& worker;
    WorkflowService& temporal;
    std::function<void(model::RunEnded)> ended;
  };

  explicit RunWatcher(Parts parts) : parts_(std::move(parts)) {}
  ~RunWatcher();

  // The facts of the store, as they were loaded.
  void restore(const std::vector<std::pair<std::string, std::string>>& facts);
  void watch(const model::WatchRun& run);
  // The fact that goes into the transaction of the record, or of the end.
  static std::pair<std::string, std::optional<std::string>> fact(const model::WatchRun& run, bool watched);

  // The start was answered: there is a run to ask for, or there never will be one of ours.
  void started(std::string_view workflow_id, bool runs);
  void temporal_is_up(bool up);
  void stop();

 private:
  struct Watched {
    std::string schedule;
    bool started = false;
  };

  void ask_soon(Millis pause);
  void ask();
  void hear(const std::string& workflow_id, const Result<WorkflowResult>& result);
  void end(const std::string& workflow_id, bool failed);

  Parts parts_;
  std::map<std::string, Watched> watched_;  // by workflow id
  std::string last_asked_;
  bool up_ = true;
  bool asking_ = false;
  bool stopped_ = false;
  std::optional<EventLoop::TimerId> timer_;
};

}  // namespace sundial::runtime
