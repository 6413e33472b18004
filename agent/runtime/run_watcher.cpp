// Hears of the ends of workflows that schedules started (overlap, pause_on_failure).
#include "agent/runtime/run_watcher.hpp"

#include <memory>
#include <utility>

namespace sundial::runtime {
namespace {

constexpr std::string_view kFact = "watch/";
constexpr Millis kLongPoll{2'000};  // short enough for a stop to wait for it
constexpr Millis kBetween{250};     // between questions, with many runs
constexpr Millis kAfterTrouble{5'000};

}  // namespace

RunWatcher::~RunWatcher() {
  stop();
}

void RunWatcher::stop() {
  stopped_ = true;
  if (timer_) parts_.loop.cancel(*std::exchange(timer_, std::nullopt));
}

std::pair<std::string, std::optional<std::string>> RunWatcher::fact(const model::WatchRun& run,
                                                                    bool watched) {
  return {std::string(kFact) + run.workflow_id, watched ? std::optional(run.schedule) : std::nullopt};
}

void RunWatcher::restore(const std::vector<std::pair<std::string, std::string>>& facts) {
  for (const auto& [name, schedule] : facts) {
    if (std::string_view(name).starts_with(kFact)) watched_[name.substr(kFact.size())] = {schedule, false};
  }
  if (!watched_.empty()) ask_soon(kBetween);
}

void RunWatcher::watch(const model::WatchRun& run) {
  watched_[run.workflow_id] = {run.schedule, false};
}

void RunWatcher::started(std::string_view workflow_id, bool runs) {
  const auto found = watched_.find(std::string(workflow_id));
  if (found == watched_.end()) return;
  if (!runs) return end(found->first, false);
  found->second.started = true;
  ask_soon(Millis{0});
}

void RunWatcher::temporal_is_up(bool up) {
  up_ = up;
  if (up) ask_soon(Millis{0});
}

void RunWatcher::ask_soon(Millis pause) {
  if (stopped_ || asking_ || !up_ || watched_.empty() || timer_) return;
  timer_ = parts_.loop.at(parts_.loop.now().elapsed + pause, [this] {
    timer_.reset();
    ask();
  });
}

// Each in its turn; where there is only one, Temporal may keep the question until it knows.
void RunWatcher::ask() {
  if (watched_.empty() || !up_) return;
  auto next = watched_.upper_bound(last_asked_);
  if (next == watched_.end()) next = watched_.begin();
  last_asked_ = next->first;
  asking_ = true;
  const Millis wait = watched_.size() == 1 ? kLongPoll : Millis{0};
  auto result = std::make_shared<std::optional<Result<WorkflowResult>>>();
  parts_.worker.run(
      [this, id = last_asked_, wait, result] { *result = parts_.temporal.result(id, {}, wait); },
      [this, id = last_asked_, result] {
        asking_ = false;
        if (!stopped_) hear(id, **result);
      });
}

void RunWatcher::hear(const std::string& workflow_id, const Result<WorkflowResult>& result) {
  Millis pause = kBetween;
  const auto found = watched_.find(workflow_id);
  if (found == watched_.end()) {
    // Ended meanwhile, by its start's answer.
  } else if (!result) {
    // Unknown: not started yet, or so long ago that Temporal has forgotten it.
    const bool gone = result.error().kind() == ErrorKind::not_found && found->second.started;
    if (gone) end(workflow_id, false);
    pause = gone ? kBetween : kAfterTrouble;
  } else if (result->status != "running") {
    end(workflow_id, result->status != "completed");
  }
  ask_soon(pause);
}

void RunWatcher::end(const std::string& workflow_id, bool failed) {
  const auto found = watched_.find(workflow_id);
  model::RunEnded ended{found->second.schedule, workflow_id, failed, std::nullopt};
  watched_.erase(found);
  parts_.ended(std::move(ended));
}

}  // namespace sundial::runtime
