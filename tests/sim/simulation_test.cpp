// The whole agent through thousands of seeded lives: crashes at any step, power cuts, broken links and
// lost answers; what was acknowledged happens once. SUNDIAL_SIM_SEEDS and SUNDIAL_SIM_FIRST choose the runs.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "agent/adapters/journal/file_journal.hpp"
#include "agent/config/definitions.hpp"
#include "agent/runtime/agent.hpp"
#include "agent/runtime/journal_entry.hpp"
#include "platform/fake/disk.hpp"
#include "platform/fake/event_loop.hpp"
#include "platform/fake/worker.hpp"
#include "platform/json/json.hpp"
#include "platform/zones/zones.hpp"
#include "tests/sim/world.hpp"

namespace sundial::sim {
namespace {

class NoLog final : public LogSink {
 public:
  void write(const LogLine&) override {}
};

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

model::Configuration make_configuration() {
  model::Configuration configuration;
  configuration.device = {.name = "sim", .time_zone = "UTC"};
  configuration.mqtt.emplace();
  configuration.temporal.signals_per_second = 0;
  std::vector<model::Problem> problems;
  const auto body = [](std::string text) {
    std::replace(text.begin(), text.end(), '\'', '"');
    return *json::parse(text);
  };
  configuration.rules.push_back(*config::read_rule(
      "each", body("{'topic':'t/{n}','start':{'workflow':'Each','args':['{payload}']}}"), problems));
  configuration.rules.push_back(
      *config::read_rule("batch",
                         body("{'topic':'t/{n}','window':{'count':3},'collect':{'all':'list(payload)'},"
                              "'signal':{'id':'line','name':'batch','args':['{window.all}']}}"),
                         problems));
  configuration.schedules.push_back(
      *config::read_schedule("minute",
                             body("{'cron':'* * * * *','overlap':'allow_all','catch_up':'2h',"
                                  "'start':{'workflow':'Tick','args':['{schedule.time}']}}"),
                             problems));
  EXPECT_TRUE(problems.empty()) << (problems.empty() ? "" : model::format_problem(problems.front()));
  return configuration;
}

class Simulation {
 public:
  Simulation(std::uint64_t seed, Plant plant)
      : fate_(seed),
        plant_(plant),
        broker_(fate_, plant),
        store_(fate_, plant),
        temporal_(fate_, plant, store_) {
    disk_.leave_out_syncs(plant == Plant::sync_left_out);
  }

  // Empty: all promises were kept; else which was broken.
  std::string run() {
    begin_ = wall_;
    const std::uint64_t lives = 2 + fate_.below(4);
    for (std::uint64_t life = 0; life < lives; ++life) {
      live(1 + fate_.below(400));
      if (!problem_.empty()) return problem_;
    }
    fate_.trouble = false;
    live(0);
    return problem_.empty() ? judge() : problem_;
  }

 private:
  // One process, up to its end: by a crash at a point, or when its time is over.
  void live(std::uint64_t crash_in) {
    FakeEventLoop loop(wall_, elapsed_);
    loop.set_boot_id(std::to_string(boot_));
    FakeWorker worker(loop);
    NoLog sink;
    Log log(sink, LogSeverity::error, [&loop] { return loop.now().wall; });
    broker_.plug(loop);
    fate_.crash_in(crash_in);
    if (crash_in > 0) {
      disk_.set_fault_plan([this](std::uint64_t, FakeDisk::Operation) -> std::optional<FakeDisk::Fault> {
        fate_.point();
        return std::nullopt;
      });
    } else {
      disk_.set_fault_plan(nullptr);
    }
    try {
      runtime::Agent agent(parts(loop, worker, log));
      std::vector<model::Problem> problems;
      const auto started = agent.start(make_configuration(), problems);
      if (!started) problem_ = "the agent does not start: " + started.error().message();
      spend(loop, crash_in == 0);
      broker_.unplug();
    } catch (const Crash&) {
      broker_.unplug();
    }
    end(loop.now());
  }

  // The last life has time for all that is left to do.
  void spend(FakeEventLoop& loop, bool last) {
    const std::uint64_t seconds = last ? 150 : 1 + fate_.below(120);
    for (std::uint64_t second = 0; second < seconds; ++second) {
      if (!last && fate_.chance(60)) broker_.publish(std::to_string(++published_));
      loop.run_for(std::chrono::seconds{1});
    }
    for (int minute = 0; last && minute < 60 && !(broker_.empty() && store_.size().waiting == 0); ++minute) {
      loop.run_for(std::chrono::minutes{1});
    }
  }

  void end(Moment now) {
    fate_.crash_in(0);
    disk_.set_fault_plan(nullptr);
    wall_ = now.wall + std::chrono::seconds{fate_.below(30)};
    if (fate_.chance(50)) {
      disk_.crash();
      elapsed_ = now.elapsed + (wall_ - now.wall);
    } else {
      disk_.power_cut(fate_.draw());
      ++boot_;
      elapsed_ = Elapsed{std::chrono::minutes{10}};
    }
  }

  runtime::AgentParts parts(FakeEventLoop& loop, Worker& worker, Log& log) {
    return {
        .loop = loop,
        .clock = loop,
        .log = log,
        .zones = *zones_,
        .store = store_,
        .store_worker = worker,
        .open_journal =
            [this, &log](JournalPosition committed, const JournalVisitor& visit,
                         std::function<std::string()> preamble) {
              return open_journal(log, committed, visit, std::move(preamble));
            },
        .bus = &broker_,
        .temporal = temporal_,
        .callers = worker,
        .temporal_worker = worker,
        .watch_worker = worker,
        .load_configuration = [] { return Result<model::Configuration>(make_configuration()); },
        .version = "sim",
        .seed = fate_.draw(),
    };
  }

  Result<std::unique_ptr<Journal>> open_journal(Log& log, JournalPosition committed,
                                                const JournalVisitor& visit,
                                                std::function<std::string()> preamble) {
    const auto forgetful = [&visit](const JournalEntry& entry) {
      if (entry.preamble) return;
      auto record = runtime::read_record(entry.bytes);
      record->packet_id = 0;
      visit({entry.end, false, runtime::write_record(*record)});
    };
    JournalOptions options{.directory = "/state",
                           .sync_always = true,
                           .max_bytes = 1U << 22U,
                           .segment_bytes = 4096,
                           .salt = static_cast<std::uint32_t>(fate_.draw()),
                           .preamble = std::move(preamble)};
    const bool forgets = plant_ == Plant::forgotten_packet_ids;
    auto opened = FileJournal::open(disk_, log, std::move(options), committed,
                                    forgets ? JournalVisitor(forgetful) : visit);
    if (!opened) return opened.error();
    return std::unique_ptr<Journal>(std::move(*opened));
  }

  // The promises: each message its start, once; in one batch, once; each minute its tick, once.
  std::string judge() {
    if (!broker_.empty()) return "the broker still holds messages";
    if (store_.size().waiting > 0) return "the outbox is not empty";
    if (store_.size().dead > 0) return "there are dead letters";
    const auto starts = temporal_.started("Each");
    for (int message = 1; message <= published_; ++message) {
      const auto count = starts.count(std::to_string(message));
      if (count != 1)
        return "message " + std::to_string(message) + " started " + std::to_string(count) + " workflows";
    }
    std::map<std::string, int> batched;
    for (const std::string& batch : temporal_.signalled()) {
      const auto list = json::parse(batch);
      const List* messages = list ? list->get_if<List>() : nullptr;
      if (messages == nullptr || messages->size() != 3) return "a batch that is none: " + batch;
      for (const Value& message : *messages) ++batched[json::write(message)];
    }
    for (const auto& [message, count] : batched) {
      if (count != 1) return "message " + message + " is in " + std::to_string(count) + " batches";
    }
    if (batched.size() != static_cast<std::size_t>(published_ / 3 * 3))
      return "messages are missing in the batches";
    return judge_ticks();
  }

  std::string judge_ticks() {
    const auto ticks = temporal_.started("Tick");
    const auto first = std::chrono::ceil<std::chrono::minutes>(begin_ + Millis{1});
    const auto last = std::chrono::floor<std::chrono::minutes>(wall_ - std::chrono::minutes{2});
    for (auto due = first; due <= last; due += std::chrono::minutes{1}) {
      const std::string name = json::quote(format_rfc3339(Instant{due}, Fraction::when_needed));
      const auto count = ticks.count(name);
      if (count != 1) return "the tick of " + name + " came " + std::to_string(count) + " times";
    }
    return {};
  }

  Fate fate_;
  Plant plant_;
  FakeDisk disk_;
  Broker broker_;
  DurableStore store_;
  Temporal temporal_;
  std::unique_ptr<ZoneSource> zones_ = system_zones();
  Instant wall_{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}};
  Elapsed elapsed_{std::chrono::hours{1}};
  Instant begin_{};
  int boot_ = 1;
  int published_ = 0;
  std::string problem_;
};

TEST(Simulation, KeepsItsPromisesThroughEverySeed) {
  const std::uint64_t first = from_environment("SUNDIAL_SIM_FIRST", 1);
  const std::uint64_t seeds = from_environment("SUNDIAL_SIM_SEEDS", 300);
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    ASSERT_EQ(Simulation(seed, Plant::none).run(), "")
        << "seed " << seed << "; again: SUNDIAL_SIM_FIRST=" << seed << " SUNDIAL_SIM_SEEDS=1";
  }
}

class PlantedBug : public testing::TestWithParam<Plant> {};

TEST_P(PlantedBug, IsFound) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    const std::string found = Simulation(seed, GetParam()).run();
    if (!found.empty()) {
      std::cout << "seed " << seed << ": " << found << "\n";
      return;
    }
  }
  FAIL() << "300 seeds did not find it";
}

INSTANTIATE_TEST_SUITE_P(EachOf, PlantedBug,
                         testing::Values(Plant::acknowledge_before_commit, Plant::forgotten_packet_ids,
                                         Plant::fresh_request_id, Plant::delete_before_answer,
                                         Plant::sync_left_out, Plant::position_not_committed,
                                         Plant::records_not_committed));

}  // namespace
}  // namespace sundial::sim
