// The bridge on virtual time, between a store and a Temporal of our own that fail as they are told.
#include "agent/runtime/bridge.hpp"

#include <gtest/gtest.h>

#include <map>

#include "platform/fake/event_loop.hpp"
#include "platform/fake/log_sink.hpp"
#include "platform/fake/worker.hpp"

namespace sundial::runtime {
namespace {

class FakeTemporal final : public WorkflowService {
 public:
  DeliveryAnswer deliver(const model::OutboxRecord& record, DeliveryMemory& memory) override {
    ++calls;
    DeliveryAnswer answer;
    answer.unreachable = !up;
    answer.reason = "nobody is there";
    if (!up) return answer;
    if (record.kind == model::ActionKind::cancel && memory.first_run_id.empty()) {
      memory.first_run_id = "run";
      answer.prepared = true;
      return answer;
    }
    answer.outcome = record.lane == "refused" ? DeliveryOutcome::dead : DeliveryOutcome::done;
    if (answer.outcome == DeliveryOutcome::done) effects.push_back(record.number);
    return answer;
  }
  DeliveryAnswer probe() override { return {}; }
  Result<WorkflowDescription> describe(const std::string& id, const std::string&) override {
    if (run_id.empty()) return none();
    WorkflowDescription described;
    described.workflow_id = id;
    described.run_id = run_id;
    return described;
  }
  Result<WorkflowResult> result(const std::string&, const std::string&, Millis) override { return none(); }
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

  bool up = true;
  std::string run_id;  // of what runs
  int calls = 0;
  std::vector<std::uint64_t> effects;
};

class BridgeTest : public testing::Test {
 protected:
  void SetUp() override { make(); }

  void make() {
    bridge_ = std::make_unique<Bridge>(
        Bridge::Parts{
            .loop = loop_,
            .callers = worker_,
            .temporal = temporal_,
            .bus = nullptr,
            .sealer = nullptr,
            .log = log_,
            .read = [this](auto lane, auto after, auto limit, auto done) { read(lane, after, limit, done); },
            .commit =
                [this](std::vector<RecordUpdate> updates, std::function<void()> done) {
                  loop_.post([this, updates = std::move(updates), done = std::move(done)] {
                    apply(updates);
                    done();
                  });
                },
            .awaited = [this](std::uint64_t number) { return number == awaited_; },
            .delivered = [this](Delivered delivered) { delivered_.push_back(std::move(delivered)); },
            .requested = [this](const Request& request) { requests_.push_back(request); },
            .link_changed = [this] { links_.push_back(bridge_->temporal().reached); },
        },
        outbox::Limits{});
  }

  void read(const std::optional<std::string>& lane, std::uint64_t after, std::size_t limit,
            Bridge::Parts::ReadDone done) {
    std::vector<StoredRecord> found;
    for (const auto& [number, stored] : store_) {
      const bool wanted = number > after && (!lane || stored.record.lane == *lane);
      if (wanted && stored.state == RecordState::waiting && found.size() < limit) found.push_back(stored);
    }
    loop_.post([found = std::move(found), done = std::move(done)] { done(found); });
  }

  void apply(const std::vector<RecordUpdate>& updates) {
    for (const RecordUpdate& update : updates) {
      switch (update.kind) {
        case RecordUpdate::Kind::remove:
          store_.erase(update.number);
          break;
        case RecordUpdate::Kind::remember:
          store_[update.number].memory = update.memory;
          break;
        case RecordUpdate::Kind::bury:
          store_[update.number].state = RecordState::dead;
          break;
        case RecordUpdate::Kind::revive:
          store_[update.number].state = RecordState::waiting;
          break;
        case RecordUpdate::Kind::replace:
          store_[update.number].record.action = *update.action;
          break;
      }
    }
  }

  model::OutboxRecord commit(const std::string& lane, model::ActionKind kind = model::ActionKind::start) {
    model::OutboxRecord record;
    record.number = ++number_;
    record.kind = kind;
    record.lane = lane;
    record.decided = loop_.now();
    record.action.set("id", lane);
    store_[record.number] = {record, {}, RecordState::waiting, ""};
    return record;
  }

  FakeEventLoop loop_;
  FakeWorker worker_{loop_};
  FakeLogSink sink_;
  Log log_{sink_, LogSeverity::info, [this] { return loop_.now().wall; }};
  FakeTemporal temporal_;
  std::map<std::uint64_t, StoredRecord> store_;
  std::uint64_t number_ = 0;
  std::uint64_t awaited_ = 0;
  std::vector<Delivered> delivered_;
  std::vector<bool> links_;
  std::vector<Request> requests_;
  std::unique_ptr<Bridge> bridge_;
};

TEST_F(BridgeTest, DeliversAndRemoves) {
  bridge_->begin(0);
  bridge_->added({commit("a"), commit("a"), commit("b")});
  loop_.settle();
  EXPECT_EQ(temporal_.effects, (std::vector<std::uint64_t>{1, 2, 3}));
  EXPECT_TRUE(store_.empty());
  EXPECT_EQ(delivered_.size(), 3u);
}

TEST_F(BridgeTest, WaitsOutAnOutageAndTellsOfIt) {
  temporal_.up = false;
  bridge_->begin(0);
  for (int i = 0; i < 50; ++i) bridge_->added({commit("lane" + std::to_string(i))});
  loop_.run_for(std::chrono::hours(1));
  EXPECT_EQ(links_, (std::vector<bool>{false}));
  EXPECT_LT(temporal_.calls, 3600);
  EXPECT_EQ(store_.size(), 50u);
  EXPECT_TRUE(bridge_->oldest());
  temporal_.up = true;
  loop_.run_for(std::chrono::seconds(11));
  EXPECT_EQ(temporal_.effects.size(), 50u);
  EXPECT_EQ(links_, (std::vector<bool>{false, true}));
  EXPECT_TRUE(store_.empty());
  EXPECT_FALSE(bridge_->oldest());
}

TEST_F(BridgeTest, AStartWorksOffTheBacklog) {
  for (int i = 0; i < 3000; ++i) commit("lane" + std::to_string(i % 10));
  bridge_->begin(number_);
  bridge_->added({commit("later")});
  loop_.settle();
  EXPECT_EQ(temporal_.effects.size(), 3001u);
  EXPECT_TRUE(store_.empty());
}

TEST_F(BridgeTest, ARefusalIsBuriedUnlessSomebodyWaits) {
  bridge_->begin(0);
  bridge_->added({commit("refused")});
  loop_.settle();
  EXPECT_EQ(store_.at(1).state, RecordState::dead);
  awaited_ = 2;
  bridge_->added({commit("refused")});
  loop_.settle();
  EXPECT_FALSE(store_.contains(2));
  EXPECT_EQ(delivered_.back().end, outbox::End::dead);
}

TEST_F(BridgeTest, WhatIsPreparedIsDurableBeforeItIsSent) {
  bridge_->begin(0);
  bridge_->added({commit("a", model::ActionKind::cancel)});
  loop_.settle();
  EXPECT_EQ(temporal_.calls, 2);
  EXPECT_EQ(temporal_.effects.size(), 1u);
  // What was only read before is told as such: it is no retry.
  ASSERT_EQ(requests_.size(), 2u);
  EXPECT_TRUE(requests_[0].prepared && requests_[0].passed);
  EXPECT_TRUE(!requests_[1].prepared && requests_[1].passed);
}

TEST_F(BridgeTest, TellsWhoAnsweredAndWhetherAtAll) {
  temporal_.up = false;
  bridge_->begin(0);
  bridge_->added({commit("a"), commit("", model::ActionKind::publish)});
  loop_.settle();
  ASSERT_EQ(requests_.size(), 2u);
  for (const Request& request : requests_) {
    const bool publish = request.kind == model::ActionKind::publish;
    EXPECT_EQ(request.target, publish ? outbox::Target::broker : outbox::Target::temporal);
    EXPECT_EQ(request.passed, publish);
  }
}

TEST_F(BridgeTest, APublishWithoutABrokerIsRefused) {
  bridge_->begin(0);
  bridge_->added({commit("publish:a", model::ActionKind::publish)});
  loop_.settle();
  EXPECT_EQ(store_.at(1).state, RecordState::dead);
}

TEST_F(BridgeTest, NothingIsHeardOfAfterItsEnd) {
  bridge_->begin(0);
  bridge_->added({commit("a")});
  bridge_.reset();
  loop_.settle();
  EXPECT_TRUE(delivered_.empty());
  EXPECT_EQ(store_.size(), 1u);
}

TEST_F(BridgeTest, WarnsOfARunThatIsNearItsLimitOfSignals) {
  bridge_->begin(0);
  const auto signal = [this](int times) {
    for (int i = 0; i < times; ++i) {
      bridge_->added({commit("a", model::ActionKind::signal)});
      loop_.settle();
    }
  };
  temporal_.run_id = "first";
  signal(7'000);
  temporal_.run_id = "second";  // it continued as new
  signal(7'000);
  EXPECT_FALSE(sink_.heard("temporal.many_signals"));
  signal(2'000);
  EXPECT_TRUE(sink_.heard("temporal.many_signals"));
}

TEST_F(BridgeTest, NothingWakesItWhenThereIsNothingToDo) {
  bridge_->begin(0);
  bridge_->added({commit("a")});
  loop_.run();
  EXPECT_LT(loop_.now().elapsed, Elapsed{std::chrono::hours(2)});
}

}  // namespace
}  // namespace sundial::runtime
