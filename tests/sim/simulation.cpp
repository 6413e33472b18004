// One seeded run: some lives of an agent in a world that fails, one without trouble, and the judgement.
#include "tests/sim/simulation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "agent/adapters/journal/file_journal.hpp"
#include "agent/config/definitions.hpp"
#include "agent/runtime/journal_entry.hpp"
#include "platform/json/json.hpp"
#include "platform/zones/zones.hpp"

namespace sundial::sim {
namespace {

constexpr std::int64_t kSmall = 40'000;
constexpr std::int64_t kLarge = 4'000'000;
// With sync = "1s": the interval, and how late the store's worker may be.
constexpr Millis kMayBeLost{5'000};

class NoLog final : public LogSink {
 public:
  void write(const LogLine&) override {}
};

const ZoneSource& zones() {
  static const std::unique_ptr<ZoneSource> source = system_zones();
  return *source;
}

Value body(std::string text) {
  std::replace(text.begin(), text.end(), '\'', '"');
  return *json::parse(text);
}

// Compiled from its text once: a run reads it many times.
struct Definitions {
  std::vector<model::RuleDefinition> rules, more_rules, other_rules;
  std::vector<model::ScheduleDefinition> schedules;
};

const Definitions& definitions() {
  static const Definitions all = [] {
    Definitions made;
    std::vector<model::Problem> problems;
    const auto rule = [&](const std::string& id, const std::string& text) {
      return *config::read_rule(id, body(text), problems);
    };
    made.rules = {rule("each", "{'topic':'t/{n}','start':{'workflow':'Each','args':['{payload}']}}"),
                  rule("batch",
                       "{'topic':'t/{n}','window':{'count':3},'collect':{'all':'list(payload)'},"
                       "'signal':{'id':'line','name':'batch','args':['{window.all}']}}"),
                  rule("call", "{'topic':'c/x','start':{'workflow':'Call','args':['{payload}']}}")};
    made.more_rules = {
        rule("brief",
             "{'topic':'t/{n}','start':{'workflow':'Brief','args':['{payload}'],"
             "'expires':'20s','priority':5}}"),
        rule("out", "{'topic':'t/{n}','publish':{'topic':'out','payload':'{payload}','qos':1}}")};
    made.other_rules = {rule("other", "{'topic':'other/{n}','start':{'workflow':'Other'}}")};
    made.schedules = {*config::read_schedule("minute",
                                             body("{'cron':'* * * * *','overlap':'allow_all','catch_up':'3h',"
                                                  "'start':{'workflow':'Tick','args':['{schedule.time}']}}"),
                                             problems)};
    EXPECT_TRUE(problems.empty()) << (problems.empty() ? "" : model::format_problem(problems.front()));
    return made;
  }();
  return all;
}

Nature draw_nature(Fate& fate) {
  Nature nature;
  nature.synced = fate.chance(70);
  nature.small_store = fate.chance(40);
  if (nature.small_store && fate.chance(45)) {
    constexpr std::array kOthers{model::OnFull::drop_oldest, model::OnFull::drop_newest,
                                 model::OnFull::drop_lowest_priority};
    nature.on_full = kOthers.at(fate.below(kOthers.size()));
  }
  nature.disk_trouble = fate.chance(40);
  nature.partitions = nature.small_store || fate.chance(40);
  nature.clock_steps = fate.chance(30);
  nature.reloads = fate.chance(30);
  nature.more_rules = fate.chance(40);
  nature.calls = fate.chance(40);
  return nature;
}

}  // namespace

Simulation::Simulation(std::uint64_t seed, Plant plant)
    : fate_(seed),
      plant_(plant),
      nature_(draw_nature(fate_)),
      broker_(fate_, plant),
      store_(fate_, plant),
      temporal_(fate_, plant, store_) {
  disk_.leave_out_syncs(plant == Plant::sync_left_out);
  if (plant == Plant::sync_left_out) nature_.synced = true;
}

std::string Simulation::run() {
  begin_ = wall_;
  const std::uint64_t lives = 2 + fate_.below(4);
  for (std::uint64_t life = 0; life < lives; ++life) {
    live(1 + fate_.below(nature_.small_store ? 3'000 : 400));
    if (!problem_.empty()) return problem_;
  }
  fate_.trouble = fate_.partition = false;
  fate_.disk = Fate::DiskState::good;
  live(0);
  return problem_.empty() ? judge() : problem_;
}

// One process, up to its end: by a crash at a point, or when its time is over.
void Simulation::live(std::uint64_t crash_in) {
  FakeEventLoop loop(wall_, elapsed_);
  loop.set_boot_id(std::to_string(boot_));
  LateWorker store_worker(loop, fate_, true);
  LateWorker callers(loop, fate_, false);
  NoLog sink;
  Log log(sink, LogSeverity::error, [&loop] { return loop.now().wall; });
  broker_.plug(loop);
  fate_.crash_in(crash_in);
  disk_.set_fault_plan(crash_in > 0 ? fault_plan() : FakeDisk::FaultPlan());
  try {
    runtime::Agent agent(parts(loop, store_worker, callers, log));
    std::vector<model::Problem> problems;
    const auto started = agent.start(configuration(), problems);
    if (started) {
      spend(agent, loop, crash_in == 0);
    } else if (fate_.disk == Fate::DiskState::good) {
      problem_ = "the agent does not start: " + started.error().message();
    } else {
      fate_.disk = Fate::DiskState::good;  // its supervisor tries again until it can
    }
    broker_.unplug();
  } catch (const Crash&) {
    broker_.unplug();
  }
  end(loop.now());
}

FakeDisk::FaultPlan Simulation::fault_plan() {
  return [this](std::uint64_t, FakeDisk::Operation operation) -> std::optional<FakeDisk::Fault> {
    fate_.point();
    // On a full disk only what asks for space fails.
    if (fate_.disk == Fate::DiskState::full && operation != FakeDisk::Operation::preallocate) return {};
    const auto fault = fate_.disk_fault();
    if (!fault) return std::nullopt;
    return FakeDisk::Fault{*fault, static_cast<std::size_t>(fate_.below(200))};
  };
}

// The last life has time for all that is left to do.
void Simulation::spend(runtime::Agent& agent, FakeEventLoop& loop, bool last) {
  const std::uint64_t most = nature_.small_store ? 400 : 120;
  const std::uint64_t seconds = last ? 150 : 1 + fate_.below(most);
  for (std::uint64_t second = 0; second < seconds && problem_.empty(); ++second) {
    if (!last) {
      const int messages = nature_.small_store ? 4 : 1;
      for (int i = 0; i < messages; ++i) {
        if (fate_.chance(60)) broker_.publish(std::to_string(++published_));
      }
      trouble(agent, loop);
    }
    loop.run_for(std::chrono::seconds{1});
    watch(agent, loop.now().elapsed);
  }
  for (int minute = 0; last && minute < 60 && !(broker_.empty() && store_.size().waiting == 0); ++minute) {
    loop.run_for(std::chrono::minutes{1});
  }
  if (last && !agent.ready()) problem_ = "not ready in the end: " + agent.status().reason;
}

void Simulation::trouble(runtime::Agent& agent, FakeEventLoop& loop) {
  if (nature_.disk_trouble) {
    if (fate_.disk != Fate::DiskState::good) {
      if (fate_.chance(30)) fate_.disk = Fate::DiskState::good;
    } else if (fate_.chance(3)) {
      fate_.disk = fate_.chance(50) ? Fate::DiskState::failing : Fate::DiskState::full;
    }
  }
  if (nature_.partitions) fate_.partition = fate_.partition ? !fate_.chance(3) : fate_.chance(5);
  if (nature_.clock_steps && fate_.chance(2)) {
    loop.set_wall(loop.now().wall + std::chrono::seconds{fate_.below(1'200)} - std::chrono::minutes{10});
  }
  if (nature_.reloads && fate_.chance(3)) {
    other_text_ = !other_text_;
    agent.reload([](const auto&) {});
  }
  if (nature_.calls && fate_.chance(30)) call(agent, loop);
}

// What comes over HTTP: a message, or a call that goes straight to a workflow.
void Simulation::call(runtime::Agent& agent, const FakeEventLoop& loop) {
  const std::string name = std::to_string(messages_.size() + starts_.size());
  if (fate_.chance(50)) {
    Answered& answered = messages_[name];
    model::Message message;
    message.topic = "c/x";
    message.payload = name;
    agent.accept(std::move(message), [this, &answered, &loop, name](const Result<std::string>& id) {
      answered = id ? Answered::done : Answered::refused;
      if (id) accepted_.emplace(loop.now().elapsed, name);
    });
    return;
  }
  Answered& answered = starts_[name];
  api::DirectCall start;
  start.action.set("workflow", "Direct");
  start.action.set("id", "direct-" + name);
  start.action.set("args", List{*json::parse(name)});
  start.origin.kind = model::OriginKind::http;
  start.origin.id = "direct";
  agent.submit(std::move(start), std::chrono::seconds{10}, [&answered](const Result<api::Submission>& done) {
    answered = !done                                            ? Answered::refused
               : !done->answer                                  ? Answered::queued
               : done->answer->outcome == DeliveryOutcome::dead ? Answered::refused
                                                                : Answered::done;
  });
}

// At all times: what waits stays within its bound.
void Simulation::watch(const runtime::Agent& agent, Elapsed now) {
  if (agent.ready()) last_ready_ = now;
  const StoreSize size = store_.size();
  const std::int64_t most = nature_.small_store ? kSmall : kLarge;
  if (nature_.on_full == model::OnFull::block && static_cast<std::int64_t>(size.waiting_bytes) > most) {
    problem_ = "the store holds " + std::to_string(size.waiting_bytes) + " bytes of " + std::to_string(most);
  }
}

void Simulation::end(Moment now) {
  fate_.crash_in(0);
  disk_.set_fault_plan(nullptr);
  wall_ = now.wall + std::chrono::seconds{fate_.below(30)};
  if (fate_.chance(50)) {
    disk_.crash();
    elapsed_ = now.elapsed + (wall_ - now.wall);
    return;
  }
  if (!nature_.synced) excuse_since(std::min(now.elapsed, last_ready_) - kMayBeLost);
  broker_.new_boot();
  accepted_.clear();
  disk_.power_cut(fate_.draw());
  ++boot_;
  elapsed_ = last_ready_ = Elapsed{std::chrono::minutes{10}};
}

// The last second before the cut; where the disk took no sync any more, the last one before the agent said
// so and acknowledged nothing further.
void Simulation::excuse_since(Elapsed moment) {
  excusable_.merge(broker_.acknowledged_since(moment));
  for (auto one = accepted_.lower_bound(moment); one != accepted_.end(); ++one) {
    excusable_calls_.insert(one->second);
  }
}

model::Configuration Simulation::configuration() const {
  model::Configuration configuration;
  configuration.device = {.name = "sim", .time_zone = "UTC"};
  configuration.mqtt.emplace();
  configuration.temporal.signals_per_second = 0;
  configuration.store.max_size = nature_.small_store ? kSmall : kLarge;
  configuration.store.on_full = nature_.on_full;
  if (!nature_.synced) configuration.store.sync = std::chrono::seconds{1};
  const Definitions& all = definitions();
  configuration.rules = all.rules;
  const auto add = [&](const std::vector<model::RuleDefinition>& rules) {
    configuration.rules.insert(configuration.rules.end(), rules.begin(), rules.end());
  };
  if (nature_.more_rules) add(all.more_rules);
  if (other_text_) add(all.other_rules);
  configuration.schedules = all.schedules;
  return configuration;
}

runtime::AgentParts Simulation::parts(FakeEventLoop& loop, Worker& store_worker, Worker& callers, Log& log) {
  return {
      .loop = loop,
      .clock = loop,
      .log = log,
      .zones = zones(),
      .store = store_,
      .store_worker = store_worker,
      .open_journal =
          [this, &log](JournalPosition committed, const JournalVisitor& visit,
                       std::function<std::string()> preamble) {
            return open_journal(log, committed, visit, std::move(preamble));
          },
      .bus = &broker_,
      .temporal = temporal_,
      .callers = callers,
      .temporal_worker = callers,
      .update_worker = callers,
      .watch_worker = callers,
      .load_configuration = [this] { return Result<model::Configuration>(configuration()); },
      .version = "sim",
      .seed = fate_.draw(),
  };
}

Result<std::unique_ptr<Journal>> Simulation::open_journal(Log& log, JournalPosition committed,
                                                          const JournalVisitor& visit,
                                                          std::function<std::string()> preamble) {
  const auto forgetful = [&visit](const JournalEntry& entry) {
    if (entry.preamble) return;
    auto record = runtime::read_record(entry.bytes);
    record->packet_id = 0;
    visit({entry.end, false, runtime::write_record(*record)});
  };
  JournalOptions options{.directory = "/state",
                         .sync_always = nature_.synced,
                         .max_bytes = nature_.small_store ? 16'384U : 1U << 22U,
                         .segment_bytes = 4096,
                         .salt = static_cast<std::uint32_t>(fate_.draw()),
                         .preamble = std::move(preamble)};
  const bool forgets = plant_ == Plant::forgotten_packet_ids;
  auto opened = FileJournal::open(disk_, log, std::move(options), committed,
                                  forgets ? JournalVisitor(forgetful) : visit);
  if (!opened) return opened.error();
  return std::unique_ptr<Journal>(std::move(*opened));
}

// --- the promises --------------------------------------------------------------------------------

std::string Simulation::judge() {
  if (!broker_.empty()) return "the broker still holds messages";
  if (store_.size().waiting > 0) return "the outbox is not empty";
  if (store_.size().dead > 0) return "there are dead letters";
  for (auto judge : {&Simulation::judge_messages, &Simulation::judge_batches, &Simulation::judge_ticks}) {
    if (std::string found = (this->*judge)(); !found.empty()) return found;
  }
  if (std::string found = judge_calls("Call", messages_); !found.empty()) return found;
  return judge_calls("Direct", starts_);
}

// How often the ledger says so of a rule, a schedule or a route.
std::size_t Simulation::told(const std::string& id, const std::string& what) {
  if (told_.empty()) {
    LedgerQuery query;
    query.limit = SIZE_MAX;
    const auto entries = store_.ledger(query);
    for (const NumberedLedgerEntry& numbered : *entries) ++told_[{numbered.entry.id, numbered.entry.what}];
  }
  const auto found = told_.find({id, what});
  return found == told_.end() ? 0 : found->second;
}

// Each message has its start, once; what was dropped is in the ledger, and a power cut costs what it may.
std::string Simulation::judge_messages() {
  const auto each = temporal_.started("Each");
  const auto brief = temporal_.started("Brief");
  std::size_t missing = 0;
  std::size_t not_brief = 0;
  std::size_t not_out = 0;
  for (int number = 1; number <= published_; ++number) {
    const std::string message = std::to_string(number);
    for (const auto* starts : {&each, &brief}) {
      if (starts->count(message) > 1)
        return "message " + message + " started " + std::to_string(starts->count(message)) + " workflows";
    }
    if (excusable_.contains(message)) continue;
    missing += each.count(message) == 0 ? 1 : 0;
    not_brief += brief.count(message) == 0 ? 1 : 0;
    not_out += broker_.outgoing().count(message) == 0 ? 1 : 0;
    if (each.count(message) == 0 && told("each", "dropped") == 0)
      return "message " + message + " started no workflow";
  }
  if (missing > told("each", "dropped")) return "more is missing than the ledger says was dropped";
  if (!nature_.more_rules) return {};
  if (not_brief > told("brief", "dropped") + told("brief", "expired"))
    return "more short-lived starts are missing than the ledger says";
  if (not_out > told("out", "dropped")) return "more was not published than the ledger says";
  return {};
}

// Each message is in one batch, in the order in which they came.
std::string Simulation::judge_batches() {
  std::set<int> batched;
  int last = 0;
  for (const std::string& batch : temporal_.signalled()) {
    const auto list = json::parse(batch);
    const List* messages = list ? list->get_if<List>() : nullptr;
    if (messages == nullptr || messages->size() != 3) return "a batch that is none: " + batch;
    for (const Value& message : *messages) {
      const int number = std::stoi(json::write(message));
      if (!batched.insert(number).second) return "message " + std::to_string(number) + " is in two batches";
      // Of a last second that was not synced a power cut may leave the later part: the rest comes again.
      if (number < last && nature_.synced)
        return "message " + std::to_string(number) + " comes behind a later one";
      last = number;
    }
  }
  const std::size_t dropped = 3 * told("batch", "dropped");
  const auto all = static_cast<std::size_t>(published_);
  if (batched.size() + dropped < (all - excusable_.size()) / 3 * 3)
    return "messages are missing in the batches";
  return {};
}

std::string Simulation::judge_ticks() {
  const auto ticks = temporal_.started("Tick");
  const auto first = std::chrono::ceil<std::chrono::minutes>(begin_ + Millis{1});
  const auto last = std::chrono::floor<std::chrono::minutes>(wall_ - std::chrono::minutes{2});
  std::size_t missing = 0;
  for (const std::string& tick : ticks) {
    if (ticks.count(tick) > 1) return "the tick of " + tick + " came more than once";
  }
  for (auto due = first; due <= last; due += std::chrono::minutes{1}) {
    const std::string name = json::quote(format_rfc3339(Instant{due}, Fraction::when_needed));
    if (ticks.count(name) == 1) continue;
    if (told("minute", "dropped") == 0) return "the tick of " + name + " did not come";
    ++missing;
  }
  if (missing > told("minute", "dropped")) return "more ticks are missing than the ledger says were dropped";
  return {};
}

std::string Simulation::judge_calls(const std::string& type, const std::map<std::string, Answered>& calls) {
  const auto started = temporal_.started(type);
  const std::size_t dropped = told(type == "Call" ? "call" : "direct", "dropped");
  std::size_t missing = 0;
  for (const auto& [name, answered] : calls) {
    const auto count = started.count(name);
    if (count > 1) return type + " " + name + " was started " + std::to_string(count) + " times";
    const bool promised = answered == Answered::done || answered == Answered::queued;
    const bool excused = type == "Call" && excusable_calls_.contains(name);
    if (promised && count == 0 && !excused) ++missing;
    if (answered == Answered::done && type == "Direct" && count == 0) return "a start that was none: " + name;
  }
  if (missing > dropped) return "a call of " + type + " was accepted and had no effect";
  return {};
}

}  // namespace sundial::sim
