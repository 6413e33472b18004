// One seeded run: some lives of an agent in a world that fails, one without trouble, and the judgement.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "agent/core/model/settings.hpp"
#include "agent/runtime/agent.hpp"
#include "platform/fake/disk.hpp"
#include "platform/fake/event_loop.hpp"
#include "tests/sim/world.hpp"

namespace sundial::sim {

// What the run is about: not every kind of trouble in each, so that none hides another.
struct Nature {
  bool synced = true;  // sync = "always"
  model::OnFull on_full = model::OnFull::block;
  bool small_store = false;
  bool disk_trouble = false;
  bool partitions = false;
  bool clock_steps = false;
  bool reloads = false;
  bool more_rules = false;
  bool calls = false;
};

class Simulation {
 public:
  Simulation(std::uint64_t seed, Plant plant);

  // Empty: all promises were kept; else which was broken.
  std::string run();

 private:
  enum class Answered { not_at_all, refused, done, queued };

  void live(std::uint64_t crash_in);
  void spend(runtime::Agent& agent, FakeEventLoop& loop, bool last);
  void trouble(runtime::Agent& agent, FakeEventLoop& loop);
  void call(runtime::Agent& agent, const FakeEventLoop& loop);
  void watch(const runtime::Agent& agent, Elapsed now);
  void end(Moment now);
  void excuse_since(Elapsed moment);
  FakeDisk::FaultPlan fault_plan();
  model::Configuration configuration() const;
  runtime::AgentParts parts(FakeEventLoop& loop, Worker& store_worker, Worker& callers, Log& log);
  Result<std::unique_ptr<Journal>> open_journal(Log& log, JournalPosition committed,
                                                const JournalVisitor& visit,
                                                std::function<std::string()> preamble);

  std::string judge();
  std::string judge_messages();
  std::string judge_batches();
  std::string judge_ticks();
  std::string judge_calls(const std::string& type, const std::map<std::string, Answered>& calls);
  std::size_t told(const std::string& id, const std::string& what);

  Fate fate_;
  Plant plant_;
  Nature nature_;
  FakeDisk disk_;
  Broker broker_;
  DurableStore store_;
  Temporal temporal_;
  Instant wall_{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}};
  Elapsed elapsed_{std::chrono::hours{1}};
  Instant begin_{};
  int boot_ = 1;
  int published_ = 0;
  bool other_text_ = false;                    // which of two configurations a reload finds
  Elapsed last_ready_{std::chrono::hours{1}};  // of this boot
  // With sync = "1s": what a power cut may have cost.
  std::set<std::string> excusable_, excusable_calls_;
  std::multimap<Elapsed, std::string> accepted_;  // of this boot: calls that are messages
  std::map<std::string, Answered> messages_;
  std::map<std::string, Answered> starts_;
  std::map<std::pair<std::string, std::string>, std::size_t> told_;  // by the ledger, in the end
  std::string problem_;
};

}  // namespace sundial::sim
