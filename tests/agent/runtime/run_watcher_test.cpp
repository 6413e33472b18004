// The ends of runs as they are heard of, on virtual time: for schedules and for result_to, over restarts.
#include "agent/runtime/run_watcher.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "platform/fake/event_loop.hpp"
#include "platform/fake/worker.hpp"
#include "platform/json/json.hpp"

namespace sundial::runtime {
namespace {

class FakeRuns final : public WorkflowService {
 public:
  DeliveryAnswer deliver(const model::OutboxRecord&, DeliveryMemory&) override { return {}; }
  DeliveryAnswer probe() override {
    DeliveryAnswer answer;
    answer.outcome = namespace_there && !namespace_hidden ? DeliveryOutcome::done : DeliveryOutcome::hold;
    if (!namespace_there) answer.refusal = ErrorKind::not_found;
    return answer;
  }
  Result<WorkflowDescription> describe(const std::string& id, const std::string&) override {
    const auto found = runs.find(id);
    if (found == runs.end()) return none();
    WorkflowDescription described;
    described.status = found->second.status;
    described.close_time = found->second.ended;
    return described;
  }
  Result<WorkflowResult> result(const std::string& id, const std::string& run_id, Millis) override {
    ++asked;
    last_run = run_id;
    if (down) return Error(ErrorKind::unavailable, "nobody is there");
    const auto found = runs.find(id);
    if (found == runs.end()) return Error(ErrorKind::not_found, "no such workflow");
    if (sealed) return Error(ErrorKind::invalid, "there is no key to read the result with");
    return found->second;
  }
  Result<Value> history(const std::string&, const std::string&, const std::string&, int) override {
    return none();
  }
  Result<Value> query(const std::string&, const std::string&, const List&) override { return none(); }
  Result<Value> update(const std::string&, const std::string&, const std::string&, const List&,
                       Millis) override {
    return none();
  }
  Result<Value> list(const std::string&, const std::string&, int) override { return none(); }
  Result<std::int64_t> count(const std::string&) override { return none(); }

  static Error none() { return {ErrorKind::unsupported, "not here"}; }

  std::map<std::string, WorkflowResult> runs;
  bool namespace_there = true;
  bool namespace_hidden = false;  // from this token
  bool sealed = false;            // results can't be read
  bool down = false;
  int asked = 0;
  std::string last_run;
};

class RunWatcherTest : public testing::Test {
 protected:
  RunWatcherTest() { make(); }

  void make() {
    watcher_ = std::make_unique<RunWatcher>(RunWatcher::Parts{
        .loop = loop_,
        .worker = worker_,
        .temporal = temporal_,
        .ended =
            [this](model::RunEnded ended, RunWatcher::Fact over) {
              keep(std::move(over));
              ended_.push_back(std::move(ended));
            },
        .result =
            [this](const AwaitedResult& awaited, const WorkflowResult* result, RunWatcher::Fact over) {
              if (full_) return false;
              keep(std::move(over));
              results_.emplace_back(awaited, result == nullptr ? "forgotten" : result->status);
              return true;
            },
    });
  }

  void keep(std::optional<RunWatcher::Fact> fact) {
    ASSERT_TRUE(fact);
    if (fact->second) {
      facts_[fact->first] = *fact->second;
    } else {
      facts_.erase(fact->first);
    }
  }

  void restart() {
    watcher_.reset();
    make();
    watcher_->restore({facts_.begin(), facts_.end()});
  }

  static AwaitedResult awaited(const std::string& id) {
    AwaitedResult awaited;
    awaited.workflow_id = id;
    awaited.run_id = "run-of-" + id;
    awaited.request_id = "request-of-" + id;
    awaited.origin = {model::OriginKind::rule, "overheat", "oven", "message-1"};
    awaited.priority = 3;
    Map to;
    to.set("topic", "done/{{oven}}");
    to.set("payload", "{status}: {result}");
    awaited.result_to = to;
    return awaited;
  }

  void watch(const std::string& id) {
    keep(RunWatcher::fact({"nightly", id}));
    watcher_->watch({"nightly", id});
  }

  FakeEventLoop loop_;
  FakeWorker worker_{loop_};
  FakeRuns temporal_;
  std::map<std::string, std::string> facts_;
  std::vector<model::RunEnded> ended_;
  std::vector<std::pair<AwaitedResult, std::string>> results_;
  bool full_ = false;
  std::unique_ptr<RunWatcher> watcher_;
};

TEST_F(RunWatcherTest, ARunIsAskedForOnlyOnceItsStartIsAnswered) {
  temporal_.runs["backup"] = {"completed", {}, {}};  // an older run of this id
  watch("backup");
  loop_.run_for(std::chrono::minutes(1));
  EXPECT_EQ(temporal_.asked, 0);
  temporal_.runs["backup"].status = "running";
  keep(watcher_->started("backup", "backup", "run-2"));
  loop_.run_for(std::chrono::seconds(1));
  EXPECT_EQ(temporal_.last_run, "run-2");
  EXPECT_TRUE(ended_.empty());
  temporal_.runs["backup"].status = "failed";
  loop_.run_for(std::chrono::seconds(1));
  ASSERT_EQ(ended_.size(), 1u);
  EXPECT_TRUE(ended_[0].failed);
  EXPECT_EQ(ended_[0].schedule, "nightly");
  EXPECT_TRUE(facts_.empty());
}

TEST_F(RunWatcherTest, ARestartGoesOnWatchingUnderTheNameThatTheScheduleKnows) {
  watch("nightly-1");
  keep(watcher_->started("nightly-1", "nightly-1-abcdef01", "run-1"));
  temporal_.runs["nightly-1-abcdef01"] = {"running", {}, {}};
  restart();
  loop_.run_for(std::chrono::seconds(5));
  EXPECT_TRUE(ended_.empty());
  temporal_.runs["nightly-1-abcdef01"].status = "completed";
  loop_.run_for(std::chrono::seconds(5));
  ASSERT_EQ(ended_.size(), 1u);
  EXPECT_EQ(ended_[0].workflow_id, "nightly-1");
  EXPECT_FALSE(ended_[0].failed);
}

TEST_F(RunWatcherTest, WhatNeverStartsHasEnded) {
  watch("backup");
  watcher_->never_starts("backup");
  ASSERT_EQ(ended_.size(), 1u);
  EXPECT_TRUE(facts_.empty());
}

TEST_F(RunWatcherTest, AForgottenRunHasEndedUnlessItIsTheNamespaceThatIsGone) {
  watch("backup");
  keep(watcher_->started("backup", "backup", "run"));
  temporal_.namespace_there = false;
  loop_.run_for(std::chrono::minutes(1));
  EXPECT_TRUE(ended_.empty());
  temporal_.namespace_there = true;
  loop_.run_for(std::chrono::minutes(1));
  EXPECT_EQ(ended_.size(), 1u);
}

TEST_F(RunWatcherTest, AForgottenRunHasEndedAlsoForATokenThatMayNotSeeTheNamespace) {
  watch("backup");
  keep(watcher_->started("backup", "backup", "run"));
  temporal_.namespace_hidden = true;
  loop_.run_for(std::chrono::minutes(1));
  EXPECT_EQ(ended_.size(), 1u);
}

TEST_F(RunWatcherTest, ARunWhoseResultCannotBeReadEndsWithTheTimeOfItsEnd) {
  watch("backup");
  keep(watcher_->started("backup", "backup", "run"));
  temporal_.sealed = true;
  temporal_.runs["backup"] = {"running", {}, {}};
  loop_.run_for(std::chrono::minutes(1));
  EXPECT_TRUE(ended_.empty());
  temporal_.runs["backup"] = {"completed", {}, {}, Instant{std::chrono::hours{7}}};
  loop_.run_for(std::chrono::minutes(1));
  ASSERT_EQ(ended_.size(), 1u);
  EXPECT_FALSE(ended_.front().failed);
  EXPECT_EQ(ended_.front().ended, Instant{std::chrono::hours{7}});
}

TEST_F(RunWatcherTest, AResultIsHeardOfAfterARestartAndOnce) {
  keep(watcher_->await(7, awaited("batch")));
  temporal_.runs["batch"] = {"running", {}, {}};
  loop_.run_for(std::chrono::minutes(2));
  restart();
  temporal_.runs["batch"].status = "completed";
  loop_.run_for(std::chrono::minutes(1));
  ASSERT_EQ(results_.size(), 1u);
  EXPECT_EQ(results_[0].second, "completed");
  EXPECT_EQ(results_[0].first.request_id, "request-of-batch");
  EXPECT_EQ(results_[0].first.priority, 3);
  EXPECT_EQ(json::write(results_[0].first.result_to),
            R"({"topic":"done/{{oven}}","payload":"{status}: {result}"})");
  EXPECT_TRUE(facts_.empty());
}

TEST_F(RunWatcherTest, AFullStoreHearsOfTheResultLater) {
  keep(watcher_->await(7, awaited("batch")));
  temporal_.runs["batch"] = {"completed", {}, {}};
  full_ = true;
  loop_.run_for(std::chrono::minutes(1));
  EXPECT_EQ(facts_.size(), 1u);
  full_ = false;
  loop_.run_for(std::chrono::seconds(6));
  EXPECT_EQ(results_.size(), 1u);
}

TEST_F(RunWatcherTest, ManyRunsAreHeardOfSoonAndNobodyIsFlooded) {
  for (std::uint64_t i = 0; i < 200; ++i) {
    const std::string id = "w" + std::to_string(i);
    temporal_.runs[id] = {"running", {}, {}};
    keep(watcher_->await(i, awaited(id)));
  }
  loop_.run_for(std::chrono::minutes(10));
  EXPECT_LE(temporal_.asked, 10 * 60 * 50);
  temporal_.runs["w77"].status = "terminated";
  loop_.run_for(std::chrono::seconds(15));
  ASSERT_EQ(results_.size(), 1u);
  EXPECT_EQ(results_[0].first.workflow_id, "w77");
}

TEST_F(RunWatcherTest, WhileTemporalIsAwayItIsLeftAlone) {
  keep(watcher_->await(7, awaited("batch")));
  temporal_.down = true;
  loop_.run_for(std::chrono::seconds(1));
  watcher_->temporal_is_up(false);
  const int asked = temporal_.asked;
  loop_.run_for(std::chrono::hours(1));
  EXPECT_EQ(temporal_.asked, asked);
  temporal_.down = false;
  temporal_.runs["batch"] = {"completed", {}, {}};
  watcher_->temporal_is_up(true);
  loop_.run_for(std::chrono::seconds(6));
  EXPECT_EQ(results_.size(), 1u);
}

TEST_F(RunWatcherTest, NoMoreResultsAreWaitedForThanMemoryIsPlannedFor) {
  for (std::uint64_t i = 0; i < RunWatcher::kMostResults; ++i) EXPECT_TRUE(watcher_->await(i, awaited("w")));
  EXPECT_FALSE(watcher_->await(RunWatcher::kMostResults, awaited("w")));
}

TEST(AwaitedResult, TheMessageTellsTheResultOrTheError) {
  AwaitedResult awaited;
  awaited.request_id = "request";
  Map to;
  to.set("topic", "done");
  to.set("payload", "{result}");
  awaited.result_to = to;
  const auto message = message_of(awaited, {"completed", Value("fine"), {}}, Moment{});
  ASSERT_TRUE(message);
  EXPECT_EQ(json::write(message->action), R"({"topic":"done","payload":"fine","qos":1})");
  EXPECT_EQ(message->lane, "publish:done");
  Map failure;
  failure.set("message", "too hot");
  failure.set("type", "Overheated");
  const auto error = message_of(awaited, {"failed", {}, failure}, Moment{});
  ASSERT_TRUE(error);
  EXPECT_EQ(json::write(*error->action.find("payload")),
            R"({"code":409,"message":"the workflow has ended without a result: failed","type":"failed",)"
            R"("cause":{"message":"too hot","type":"Overheated"}})");
  EXPECT_EQ(error->request_id, message->request_id) << "one end, one message";
  to.set("payload", "{result.missing}");
  awaited.result_to = to;
  EXPECT_FALSE(message_of(awaited, {"completed", Value(Map()), {}}, Moment{}));
}

}  // namespace
}  // namespace sundial::runtime
