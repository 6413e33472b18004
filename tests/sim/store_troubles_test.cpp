// What the agent does about a store that is full or can't be written, step by step, in the simulated world.
#include <gtest/gtest.h>

#include <algorithm>

#include "agent/adapters/journal/file_journal.hpp"
#include "agent/config/definitions.hpp"
#include "agent/runtime/agent.hpp"
#include "platform/fake/disk.hpp"
#include "platform/fake/event_loop.hpp"
#include "platform/fake/log_sink.hpp"
#include "platform/fake/worker.hpp"
#include "platform/json/json.hpp"
#include "platform/zones/zones.hpp"
#include "tests/sim/world.hpp"

namespace sundial::sim {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

// Turns texts round: enough to see what went to the disk in the clear.
class TurningSealer final : public RecordSealer {
 public:
  Result<void> seal(model::OutboxRecord& record) const override {
    return move(record.action, "args", "sealed");
  }
  Result<void> open(model::OutboxRecord& record) const override {
    return move(record.action, "sealed", "args");
  }

 private:
  static Result<void> move(Map& action, const char* from, const char* to) {
    const Value* args = action.find(from);
    if (args == nullptr) return {};
    std::string text = std::string(from) == "args" ? json::write(*args) : *args->find("turned")->text();
    std::reverse(text.begin(), text.end());
    Value moved = *json::parse(R"({"turned":""})");
    Map map;
    map.set("turned", text);
    moved = std::string(from) == "args" ? Value(std::move(map)) : *json::parse(text);
    action.erase(from);
    action.set(to, std::move(moved));
    return {};
  }
};

model::Message a_message() {
  model::Message message;
  message.topic = "t/x";
  message.payload = "1";
  return message;
}

class StoreTroubles : public testing::Test {
 protected:
  StoreTroubles() {
    fate_.trouble = false;
    broker_.plug(*loop_);
    configuration_.device = {.name = "sim", .time_zone = "UTC"};
    configuration_.mqtt.emplace();
    configuration_.store.max_size = 20'000;
    rule("each", "{'topic':'t/{n}','start':{'workflow':'Each','args':['{payload}']}}");
  }

  static Value body(std::string text) {
    std::replace(text.begin(), text.end(), '\'', '"');
    return *json::parse(text);
  }
  void rule(const std::string& id, const std::string& text) {
    std::vector<model::Problem> problems;
    configuration_.rules.push_back(*config::read_rule(id, body(text), problems));
  }
  void schedule(const std::string& id, const std::string& text) {
    std::vector<model::Problem> problems;
    configuration_.schedules.push_back(*config::read_schedule(id, body(text), problems));
  }

  void start(const RecordSealer* sealer = nullptr) {
    ASSERT_NO_FATAL_FAILURE(begin(sealer));
    loop_->run_for(seconds{5});
  }

  // A start of which nothing is in the store yet but what it is not without.
  void begin(const RecordSealer* sealer = nullptr) {
    disk_.set_fault_plan([this](std::uint64_t, FakeDisk::Operation) -> std::optional<FakeDisk::Fault> {
      const auto fault = fate_.disk_fault();
      return fault ? std::optional(FakeDisk::Fault{*fault, 0}) : std::nullopt;
    });
    agent_ = std::make_unique<runtime::Agent>(runtime::AgentParts{
        .loop = *loop_,
        .clock = *loop_,
        .log = log_,
        .zones = *zones_,
        .store = store_,
        .store_worker = *worker_,
        .open_journal = [this](JournalPosition committed, const JournalVisitor& visit,
                               std::function<std::string()> preamble) -> Result<std::unique_ptr<Journal>> {
          auto opened = FileJournal::open(disk_, log_,
                                          {.directory = "/state",
                                           .sync_always = begun_always_,
                                           .max_bytes = 8'192,
                                           .segment_bytes = 2'048,
                                           .preamble = std::move(preamble)},
                                          committed, visit);
          if (!opened) return opened.error();
          return std::unique_ptr<Journal>(std::move(*opened));
        },
        .bus = &broker_,
        .temporal = temporal_,
        .callers = *worker_,
        .temporal_worker = *worker_,
        .update_worker = *worker_,
        .watch_worker = *worker_,
        .sealer = sealer,
        .load_configuration = [this] { return Result<model::Configuration>(configuration_); },
        .version = "sim",
        .seed = 1,
        .spare_room =
            [this] {
              const std::uint64_t taken = store_.size().waiting_bytes + disk_used();
              return disk_bytes_ - std::min(disk_bytes_, taken);
            },
    });
    std::vector<model::Problem> problems;
    const auto started = agent_->start(configuration_, problems);
    ASSERT_TRUE(started) << started.error().message();
  }

  // The process is gone: whatever was to come of it never happens.
  void crash() { go_on_at(loop_->now()); }
  void go_on_at(Moment present) {
    agent_.reset();
    loop_ = std::make_unique<FakeEventLoop>(present.wall, present.elapsed);
    worker_ = std::make_unique<FakeWorker>(*loop_);
    broker_.plug(*loop_);
  }
  // The same with the board's power: a new boot counts from nought.
  void power_cut(Millis away) {
    go_on_at({loop_->now().wall + away, Elapsed{minutes{10}}});
    loop_->set_boot_id("next boot");
  }

  std::uint64_t disk_used() {
    const DiskRoom room = *disk_.room("/state");
    return room.total - room.free;
  }
  void publish(int count) {
    for (int i = 0; i < count; ++i) broker_.publish(std::to_string(++published_));
  }
  std::uint64_t counted(const std::string& name, const std::string& first, const std::string& second = {}) {
    return agent_->metrics().value(name, first, second);
  }

  Fate fate_{1};
  std::unique_ptr<FakeEventLoop> loop_ = std::make_unique<FakeEventLoop>();
  std::unique_ptr<FakeWorker> worker_ = std::make_unique<FakeWorker>(*loop_);
  FakeLogSink sink_;
  Log log_{sink_, LogSeverity::debug, [this] { return loop_->now().wall; }};
  FakeDisk disk_;
  Broker broker_{fate_, Plant::none};
  DurableStore store_{fate_, Plant::none};
  Temporal temporal_{fate_, Plant::none, store_};
  std::unique_ptr<ZoneSource> zones_ = system_zones();
  model::Configuration configuration_;
  std::unique_ptr<runtime::Agent> agent_;
  int published_ = 0;
  bool begun_always_ = true;                   // sync = "always" when the process began
  std::uint64_t disk_bytes_ = UINT64_MAX / 2;  // for the store and the journal together
};

TEST_F(StoreTroubles, WhenFullMessagesStayWithTheBrokerAndDueTimesAreMissedAsFull) {
  schedule("minute",
           "{'cron':'* * * * *','catch_up':'5m','overlap':'allow_all','start':{'workflow':'Tick',"
           "'args':['{schedule.time}']}}");
  start();
  fate_.partition = true;
  publish(200);
  loop_->run_for(seconds{50});
  EXPECT_TRUE(agent_->status().store.full);
  EXPECT_FALSE(broker_.empty());
  EXPECT_LE(store_.size().waiting_bytes, 20'000U);
  loop_->run_for(minutes{30});
  bool refused = false;
  agent_->accept(a_message(), [&refused](const Result<std::string>& id) {
    refused = !id && id.error().kind() == ErrorKind::exhausted;
  });
  EXPECT_TRUE(refused);
  fate_.partition = false;
  loop_->run_for(minutes{10});
  EXPECT_FALSE(agent_->status().store.full);
  EXPECT_TRUE(broker_.empty());
  EXPECT_EQ(temporal_.started("Each").size(), 200U);
  EXPECT_GE(counted("schedule_missed_total", "minute", "full"), 20U);
  EXPECT_EQ(counted("schedule_missed_total", "minute", "catch_up"), 0U);
}

TEST_F(StoreTroubles, ADiskSmallerThanMaxSizeIsAFullStoreAndDeliveryGoesOn) {
  configuration_.store.max_size = 10'000'000;
  disk_bytes_ = 40'000;
  start();
  fate_.partition = true;
  publish(400);
  loop_->run_for(minutes{2});
  EXPECT_TRUE(agent_->status().store.full);
  EXPECT_FALSE(sink_.heard("store.failed"));
  EXPECT_FALSE(broker_.empty());
  EXPECT_LE(store_.size().waiting_bytes + disk_used(), 40'000U);
  fate_.partition = false;
  loop_->run_for(minutes{10});
  EXPECT_FALSE(agent_->status().store.full);
  EXPECT_TRUE(broker_.empty());
  EXPECT_EQ(temporal_.started("Each").size(), 400U);
}

TEST_F(StoreTroubles, RoomThatOthersMakeOnTheDiskIsFound) {
  configuration_.store.max_size = 10'000'000;
  start();
  publish(3);
  loop_->run_for(seconds{5});
  disk_bytes_ = 0;  // somebody else has filled it
  publish(20);
  loop_->run_for(minutes{1});
  EXPECT_TRUE(agent_->status().store.full);
  EXPECT_FALSE(broker_.empty());
  disk_bytes_ = 1'000'000;
  loop_->run_for(seconds{20});
  EXPECT_FALSE(agent_->status().store.full);
  EXPECT_TRUE(broker_.empty());
  EXPECT_EQ(temporal_.started("Each").size(), 23U);
}

TEST_F(StoreTroubles, AReloadPutsOtherServersInForceAndARefusedOneNothing) {
  start();
  fate_.partition = true;
  publish(3);
  loop_->run_for(minutes{3});
  const auto reload = [this] {
    std::string outcome = "nothing";
    agent_->reload([&outcome](const Result<std::vector<std::string>>& changed) {
      outcome = changed ? "" : changed.error().message();
      if (changed) {
        for (const std::string& name : *changed) outcome += name + " ";
      }
    });
    loop_->run_for(seconds{1});
    return outcome;
  };
  EXPECT_EQ(reload(), "");
  EXPECT_TRUE(broker_.reconnected_to.empty());
  fate_.partition = false;  // at the other address
  configuration_.temporal.addresses = {"http://other:7243"};
  configuration_.mqtt->url = "mqtt://other:1883";
  EXPECT_EQ(reload(), "temporal mqtt ");
  EXPECT_EQ(broker_.reconnected_to, std::vector<std::string>{"mqtt://other:1883 sim"});
  EXPECT_EQ(temporal_.started("Each").size(), 3U) << "what waited is tried at once";
  configuration_.device.name = "renamed";
  EXPECT_EQ(reload(), "device ");
  EXPECT_EQ(broker_.reconnected_to.back(), "mqtt://other:1883 renamed");
  configuration_.mqtt->client_id = "another";
  configuration_.temporal.addresses = {"http://third:7243"};
  EXPECT_NE(reload().find("client_id"), std::string::npos);
  EXPECT_EQ(agent_->configuration().temporal.addresses.front(), "http://other:7243");
  EXPECT_EQ(broker_.reconnected_to.size(), 2U);
}

TEST_F(StoreTroubles, AFullDiskIsSaidAndAllGoesOnFromWhatIsThere) {
  start();
  publish(3);
  loop_->run_for(seconds{5});
  fate_.disk = Fate::DiskState::full;
  publish(3);
  loop_->run_for(minutes{2});
  EXPECT_FALSE(agent_->ready());
  EXPECT_NE(agent_->status().reason.find("no space left"), std::string::npos) << agent_->status().reason;
  bool refused = false;
  agent_->accept(a_message(), [&refused](const Result<std::string>& id) {
    refused = !id && id.error().kind() == ErrorKind::unavailable;
  });
  EXPECT_TRUE(refused);
  fate_.disk = Fate::DiskState::good;
  loop_->run_for(seconds{20});
  EXPECT_TRUE(agent_->ready()) << agent_->status().reason;
  EXPECT_EQ(temporal_.started("Each").size(), 6U);
}

TEST_F(StoreTroubles, ACallerIsToldThatItWasTakenWhereTheJournalHasItAndTheTransactionFails) {
  start();
  bool taken = false;
  agent_->accept(a_message(), [&taken](const Result<std::string>& id) { taken = id && !id->empty(); });
  fate_.disk = Fate::DiskState::full;
  loop_->run_for(seconds{5});
  EXPECT_FALSE(agent_->ready());
  EXPECT_TRUE(taken);
  fate_.disk = Fate::DiskState::good;
  loop_->run_for(seconds{20});
  EXPECT_EQ(temporal_.started("Each").size(), 1U);
}

// A key whose input was refused says nothing of the next input.
TEST_F(StoreTroubles, AKeyGoesWithItsOwnInputOrNone) {
  start();
  fate_.disk = Fate::DiskState::full;
  publish(1);
  loop_->run_for(minutes{2});
  ASSERT_FALSE(agent_->ready());
  bool refused = false;
  agent_->keep_with_effect("answer/1", "first");
  agent_->accept(a_message(), [&refused](const Result<std::string>& id) { refused = !id; });
  EXPECT_TRUE(refused);
  fate_.disk = Fate::DiskState::good;
  loop_->run_for(seconds{20});
  ASSERT_TRUE(agent_->ready()) << agent_->status().reason;
  agent_->accept(a_message(), [](const Result<std::string>&) {});  // of a caller without a key
  crash();
  start();
  for (const auto& [name, value] : agent_->kept()) EXPECT_NE(name, "answer/1");
}

// The input is in the journal, and the process is gone before any transaction.
TEST_F(StoreTroubles, AKeyIsOnDiskAsSoonAsTheInputThatItIsFor) {
  start();
  const auto kept = [this](const std::string& name) {
    const auto& all = agent_->kept();
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const auto& fact) { return fact.first == name; });
    return found == all.end() ? std::string() : found->second;
  };
  agent_->keep_with_effect("answer/1", "first");
  agent_->accept(a_message(), [](const Result<std::string>&) {});
  agent_->accept(a_message(), [](const Result<std::string>&) {});  // of a caller without a key
  crash();
  start();
  EXPECT_EQ(kept("answer/1"), "first");
  EXPECT_EQ(temporal_.started("Each").size(), 2U);
  crash();
  start();  // by now the store has it
  EXPECT_EQ(kept("answer/1"), "first");
}

constexpr const char* kEachMinute =
    "{'cron':'* * * * *','catch_up':'3h','overlap':'allow_all','start':{'workflow':'Tick',"
    "'args':['{schedule.time}']}}";

// The journal has the first inputs, and the power fails before any transaction.
TEST_F(StoreTroubles, AFirstStartThatThePowerCutsShortLeavesNoClockBehind) {
  schedule("minute", kEachMinute);
  begin();
  agent_->accept(a_message(), [](const Result<std::string>&) {});
  power_cut(seconds{7});
  start();
  loop_->run_for(minutes{9});
  EXPECT_EQ(temporal_.started("Each").size(), 1U);
  const auto ticks = temporal_.started("Tick");
  ASSERT_EQ(ticks.size(), 9U);
  EXPECT_EQ(*ticks.begin(), R"("2026-01-01T00:01:00Z")");
  EXPECT_EQ(*ticks.rbegin(), R"("2026-01-01T00:09:00Z")");
}

TEST_F(StoreTroubles, WhatWasDueAfterAFirstStartThatWasCutShortIsMadeUpFor) {
  schedule("minute", kEachMinute);
  begin();
  power_cut(minutes{5} + seconds{30});
  start();
  const auto ticks = temporal_.started("Tick");
  ASSERT_EQ(ticks.size(), 5U);
  EXPECT_EQ(*ticks.begin(), R"("2026-01-01T00:01:00Z")");
}

TEST_F(StoreTroubles, ASyncThatWasReloadedHoldsForTheJournalThatIsOpenedAgain) {
  rule("batch",
       "{'topic':'t/{n}','window':{'count':9},'collect':{'all':'list(payload)'},"
       "'signal':{'id':'line','name':'batch','args':['{window.all}']}}");
  configuration_.rules.erase(configuration_.rules.begin());  // so that no record is committed at once
  begun_always_ = false;
  configuration_.store.sync = seconds{1};
  start();
  configuration_.store.sync.reset();
  agent_->reload([](const auto&) {});
  loop_->run_for(seconds{2});
  fate_.disk = Fate::DiskState::full;
  agent_->accept(a_message(), [](const Result<std::string>&) {});
  loop_->run_for(seconds{5});
  ASSERT_FALSE(agent_->ready());
  fate_.disk = Fate::DiskState::good;
  loop_->run_for(seconds{20});
  ASSERT_TRUE(agent_->ready());
  const std::uint64_t before = disk_.syncs();
  std::uint64_t at_answer = 0;
  agent_->accept(a_message(), [&](const Result<std::string>& id) {
    EXPECT_TRUE(id);
    at_answer = disk_.syncs();
  });
  loop_->run_for(Millis{1});
  EXPECT_GT(at_answer, before);
}

TEST_F(StoreTroubles, AnEditedDeadLetterIsSealedLikeAllOthers) {
  const TurningSealer sealer;
  model::OutboxRecord record;
  record.number = 1;
  record.lane = "w";
  record.action.set("id", "w");
  record.action.set("workflow", "Each");
  record.action.set("args", List{Value("secret")});
  ASSERT_TRUE(sealer.seal(record));
  StoreBatch batch;
  batch.records = {record};
  batch.updates.emplace_back().number = 1;
  batch.updates.back().kind = RecordUpdate::Kind::bury;
  ASSERT_TRUE(store_.commit(batch));
  start(&sealer);
  Map edited = record.action;
  edited.set("args", List{Value("another secret")});
  bool done = false;
  agent_->edit_record(1, edited, [&done](const Result<void>& outcome) { done = static_cast<bool>(outcome); });
  loop_->run_for(seconds{1});
  EXPECT_TRUE(done);
  auto stored = store_.record(1);
  ASSERT_TRUE(stored && *stored);
  EXPECT_EQ(json::write((*stored)->record.action).find("another"), std::string::npos);
  model::OutboxRecord opened = (*stored)->record;
  ASSERT_TRUE(sealer.open(opened));
  EXPECT_EQ(json::write(*opened.action.find("args")), R"(["another secret"])");
  agent_->retry_record(1, [](const auto&) {});
  loop_->run_for(seconds{5});
  EXPECT_EQ(temporal_.started("Each").size(), 1U);
  EXPECT_EQ(store_.size().dead, 0U);
}

}  // namespace
}  // namespace sundial::sim
