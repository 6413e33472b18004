// Hears of the ends of workflows: for schedules (overlap, pause_on_failure) and for `result_to`.
#include "agent/runtime/run_watcher.hpp"

#include <algorithm>
#include <memory>

#include "platform/json/json.hpp"

namespace sundial::runtime {
namespace {

constexpr std::string_view kSchedules = "watch/";
constexpr std::string_view kResults = "result/";
constexpr Millis kLongPoll{2'000};  // short enough for a stop to wait for it
constexpr Millis kBetween{20};      // between two questions
constexpr Millis kAfterTrouble{5'000};
constexpr Millis kSoonest{100};  // until a run is asked for again
constexpr Millis kLatest{10'000};
constexpr int kPartOfAge = 8;  // an end is heard of within an eighth of the run's length

std::string text_of(const Value& document, std::string_view key) {
  const Value* member = document.find(key);
  return member == nullptr || member->text() == nullptr ? std::string() : *member->text();
}

// Where a token may ask about workflows but not about the namespace, the workflow's 404 is to be believed.
bool knows_namespace(const DeliveryAnswer& probe) {
  return probe.outcome == DeliveryOutcome::done ||
         (probe.outcome == DeliveryOutcome::hold && probe.refusal != ErrorKind::not_found);
}

// Whether a run has ended, where its result can't be read (a key that is no longer there): a schedule
// must not wait for it for ever. What continued as new goes on in the latest run.
Result<WorkflowResult> end_of(WorkflowService& temporal, const std::string& id, const std::string& run) {
  auto described = temporal.describe(id, run);
  if (described && described->status == "continued_as_new") described = temporal.describe(id, "");
  if (!described) return described.error();
  WorkflowResult result;
  result.status = described->status;
  result.ended = described->close_time;
  return result;
}

}  // namespace

RunWatcher::~RunWatcher() {
  stop();
}

void RunWatcher::stop() {
  stopped_ = true;
  if (timer_) parts_.loop.cancel(*std::exchange(timer_, std::nullopt));
}

RunWatcher::Fact RunWatcher::fact(const model::WatchRun& run) {
  Map map;
  map.append("schedule", run.schedule);
  return {std::string(kSchedules) + run.workflow_id, json::write(map)};
}

void RunWatcher::restore(const std::vector<std::pair<std::string, std::string>>& facts) {
  runs_.clear();
  turns_.clear();
  results_ = 0;
  for (const auto& [name, value] : facts) {
    Watched watched;
    if (std::string_view(name).starts_with(kSchedules)) {
      const auto document = json::parse(value);
      if (!document) continue;
      watched.schedule = text_of(*document, "schedule");
      watched.workflow_id = text_of(*document, "workflow_id");
      watched.run_id = text_of(*document, "run_id");
      watched.started = !watched.workflow_id.empty();
      add(name, std::move(watched));
    } else if (std::string_view(name).starts_with(kResults)) {
      watched.awaited = read_awaited(value);
      if (watched.awaited) add(name, std::move(watched));
    }
  }
}

void RunWatcher::watch(const model::WatchRun& run) {
  Watched watched;
  watched.schedule = run.schedule;
  add(fact(run).first, std::move(watched));
}

std::optional<RunWatcher::Fact> RunWatcher::started(const std::string& known_as,
                                                    const std::string& workflow_id,
                                                    const std::string& run_id) {
  const std::string name = std::string(kSchedules) + known_as;
  const auto found = runs_.find(name);
  if (found == runs_.end()) return std::nullopt;
  Watched& watched = found->second;
  watched.workflow_id = workflow_id;
  watched.run_id = run_id;
  watched.started = true;
  watched.since = parts_.loop.now().elapsed;
  take_turn(name, watched.since + kSoonest);
  arm();
  Map map;
  map.append("schedule", watched.schedule);
  map.append("workflow_id", workflow_id);
  map.append("run_id", run_id);
  return Fact{name, json::write(map)};
}

void RunWatcher::never_starts(const std::string& known_as) {
  const auto found = runs_.find(std::string(kSchedules) + known_as);
  if (found != runs_.end()) end(found, nullptr);
}

std::optional<RunWatcher::Fact> RunWatcher::await(std::uint64_t number, AwaitedResult awaited) {
  if (results_ >= kMostResults) return std::nullopt;
  const std::string name = std::string(kResults) + std::to_string(number);
  Fact fact{name, write_awaited(awaited)};
  Watched watched;
  watched.awaited = std::move(awaited);
  add(name, std::move(watched));
  return fact;
}

void RunWatcher::add(const std::string& name, Watched watched) {
  if (const auto there = runs_.find(name); there != runs_.end()) remove(there);
  if (watched.awaited) {
    ++results_;
    watched.started = true;
    watched.workflow_id = watched.awaited->workflow_id;
    watched.run_id = watched.awaited->run_id;
  }
  watched.since = parts_.loop.now().elapsed;
  const bool started = watched.started;
  runs_[name] = std::move(watched);
  if (started) take_turn(name, parts_.loop.now().elapsed + kSoonest);
  arm();
}

void RunWatcher::remove(Runs::iterator run) {
  turns_.erase({run->second.next, run->first});
  if (run->second.awaited) --results_;
  runs_.erase(run);
}

void RunWatcher::take_turn(const std::string& name, Elapsed when) {
  Watched& watched = runs_.at(name);
  turns_.erase({watched.next, name});
  watched.next = when;
  turns_.emplace(when, name);
}

void RunWatcher::temporal_is_up(bool up) {
  up_ = up;
  if (up) not_before_ = Elapsed{};
  arm();
}

void RunWatcher::arm() {
  if (timer_) parts_.loop.cancel(*std::exchange(timer_, std::nullopt));
  if (stopped_ || asking_ || !up_ || turns_.empty()) return;
  timer_ = parts_.loop.at(std::max(turns_.begin()->first, not_before_), [this] {
    timer_.reset();
    ask();
  });
}

// Where there is only one, Temporal may keep the question until it knows.
void RunWatcher::ask() {
  const std::string name = turns_.begin()->second;
  const Watched& watched = runs_.at(name);
  asking_ = true;
  struct Answer {
    std::optional<Result<WorkflowResult>> result;
    bool certain = true;  // that it is the workflow that is not there, and not its namespace
  };
  auto answer = std::make_shared<Answer>();
  parts_.worker.run(
      [this, id = watched.workflow_id, run = watched.run_id, wait = runs_.size() == 1 ? kLongPoll : Millis{0},
       only_end = !watched.awaited.has_value(), answer] {
        answer->result = parts_.temporal.result(id, run, wait);
        if (*answer->result) return;
        const ErrorKind kind = answer->result->error().kind();
        if (kind == ErrorKind::not_found) {
          answer->certain = knows_namespace(parts_.temporal.probe());
        } else if (only_end && !meaning_of(kind).worth_retrying) {
          answer->result = end_of(parts_.temporal, id, run);
        }
      },
      [this, name, answer] {
        asking_ = false;
        if (!stopped_) hear(name, *answer->result, answer->certain);
      });
}

void RunWatcher::hear(const std::string& name, const Result<WorkflowResult>& result, bool certain) {
  const Elapsed now = parts_.loop.now().elapsed;
  not_before_ = now + kBetween;
  const auto found = runs_.find(name);
  if (found == runs_.end()) return arm();  // ended meanwhile
  const Millis pause = std::clamp((now - found->second.since) / kPartOfAge, kSoonest, kLatest);
  const bool gone = !result && result.error().kind() == ErrorKind::not_found && certain;
  if (result && result->status == "running") {
    take_turn(name, runs_.size() == 1 ? now : now + pause);
  } else if (result || gone) {
    take_turn(name, now + kAfterTrouble);  // where the end can't be taken now
    end(found, gone ? nullptr : &*result);
  } else {
    take_turn(name, now + kAfterTrouble);
    const bool nobody = meaning_of(result.error().kind()).worth_retrying;
    if (nobody) not_before_ = now + kAfterTrouble;
  }
  arm();
}

void RunWatcher::end(Runs::iterator run, const WorkflowResult* result) {
  const Watched watched = run->second;
  const Fact over{run->first, std::nullopt};
  if (watched.awaited && !parts_.result(*watched.awaited, result, over)) return;
  remove(run);
  if (watched.awaited) return;
  const std::string known_as = over.first.substr(kSchedules.size());
  const bool failed = result != nullptr && result->status != "completed";
  const std::optional<Instant> ended = result == nullptr ? std::nullopt : result->ended;
  parts_.ended({watched.schedule, known_as, failed, ended}, over);
}

}  // namespace sundial::runtime
