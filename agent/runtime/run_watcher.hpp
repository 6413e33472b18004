// Hears of the ends of workflows: for schedules (overlap, pause_on_failure) and for `result_to`.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/core/model/effects.hpp"
#include "agent/core/model/input.hpp"
#include "agent/ports/store.hpp"
#include "agent/ports/workflow_service.hpp"
#include "agent/runtime/awaited_result.hpp"
#include "platform/event_loop.hpp"
#include "platform/worker.hpp"

namespace sundial::runtime {

// On the loop's thread, with one question to Temporal at a time: a young run is asked for often, an old
// one rarely. What is watched is a fact of the store, so that a restart goes on watching.
class RunWatcher {
 public:
  // A named value for the store; none: it goes.
  using Fact = std::pair<std::string, std::optional<std::string>>;

  struct Parts {
    EventLoop& loop;
    Worker& worker;
    WorkflowService& temporal;
    // Is to write `over` down together with what follows from the end.
    std::function<void(model::RunEnded ended, Fact over)> ended;
    // The same of a run that `result_to` waits for; `result`: none where Temporal has forgotten the run.
    // False: not now, ask again.
    std::function<bool(const AwaitedResult& awaited, const WorkflowResult* result, Fact over)> result;
  };

  static constexpr std::size_t kMostResults = 10'000;

  explicit RunWatcher(Parts parts) : parts_(std::move(parts)) {}
  ~RunWatcher();

  // The facts of the store, as they were loaded.
  void restore(const std::vector<std::pair<std::string, std::string>>& facts);

  void watch(const model::WatchRun& run);
  // The fact that goes into the transaction of the run's record.
  static Fact fact(const model::WatchRun& run);
  // The start of a run that is watched was answered; its id may be another than it is known by. The
  // fact goes into the transaction that takes the start's record away.
  std::optional<Fact> started(const std::string& known_as, const std::string& workflow_id,
                              const std::string& run_id);
  // Or there never will be a run of ours.
  void never_starts(const std::string& known_as);

  // From the record's number on. Nothing: too many are waited for already.
  std::optional<Fact> await(std::uint64_t number, AwaitedResult awaited);

  void temporal_is_up(bool up);
  void stop();

 private:
  struct Watched {
    std::string workflow_id, run_id;       // once it has started
    std::string schedule;                  // whose run it is, or
    std::optional<AwaitedResult> awaited;  // what waits for it
    bool started = false;
    Elapsed since{};
    Elapsed next{};  // in `turns_` under this time, once it has started
  };
  using Runs = std::map<std::string, Watched>;  // by the name of the fact

  void add(const std::string& name, Watched watched);
  void remove(Runs::iterator run);
  void take_turn(const std::string& name, Elapsed when);
  void arm();
  void ask();
  void hear(const std::string& name, const Result<WorkflowResult>& result, bool certain);
  void end(Runs::iterator run, const WorkflowResult* result);

  Parts parts_;
  Runs runs_;
  std::set<std::pair<Elapsed, std::string>> turns_;
  std::size_t results_ = 0;
  Elapsed not_before_{};  // after the last question
  bool up_ = true;
  bool asking_ = false;
  bool stopped_ = false;
  std::optional<EventLoop::TimerId> timer_;
};

}  // namespace sundial::runtime
