// The agent's life: recovery, the events of broker, bridge, clock and disk, reload, and the end.
#include "agent/runtime/agent.hpp"

#include <algorithm>
#include <utility>

#include "agent/runtime/rules_in_force.hpp"
#include "platform/base/text.hpp"

namespace sundial::runtime {
namespace {

constexpr const char* kFiltersFact = "filters";
constexpr Millis kClockPoll{5'000};  // until the clock is known to be right
constexpr Millis kTemporalPoll{10'000};
constexpr Millis kCertificatePoll = std::chrono::hours{6};
constexpr Millis kStepWorthTelling{10};  // less is slewing between two readings

std::string_view label_of(DeliveryOutcome outcome) {
  switch (outcome) {
    case DeliveryOutcome::done:
      return "ok";
    case DeliveryOutcome::already_done:
      return "already";
    case DeliveryOutcome::already_running:
      return "already_running";
    case DeliveryOutcome::name_taken:
    case DeliveryOutcome::retry:
    case DeliveryOutcome::hold:
      return "retry";
    case DeliveryOutcome::dead:
      return "dead";
  }
  return "retry";
}

}  // namespace

Agent::Agent(AgentParts parts)
    : parts_(std::move(parts)),
      intake_({
          .clock = parts_.clock,
          .log = parts_.log,
          .redelivery = redelivery_,
          .seed = parts_.seed,
          .something_came =
              [this] {
                parts_.loop.post_soon([this] {
                  if (!stands()) return;
                  look_at_journal();
                  engine_->work();
                });
              },
          .failed = [this](const Error& problem) { parts_.loop.post([this, problem] { fail(problem); }); },
      }),
      ids_(~parts_.seed) {
  watcher_ = std::make_unique<RunWatcher>(RunWatcher::Parts{
      .loop = parts_.loop,
      .worker = parts_.watch_worker,
      .temporal = parts_.temporal,
      .ended =
          [this](model::RunEnded ended, RunWatcher::Fact over) {
            if (!stands()) return;  // it is watched again
            committer_->next().facts.push_back(std::move(over));
            metrics_.count("schedule_runs_total", ended.schedule, ended.failed ? "failed" : "completed");
            accept_own(std::move(ended));
          },
      .result = [this](const AwaitedResult& awaited, const WorkflowResult* result,
                       RunWatcher::Fact over) { return publish_result(awaited, result, std::move(over)); },
  });
}

Agent::~Agent() {
  for (const auto& timer : {clock_timer_, sync_timer_, rebuild_timer_, health_timer_, memory_timer_,
                            room_timer_, temporal_timer_, certificate_timer_}) {
    if (timer) parts_.loop.cancel(*timer);
  }
}

Result<void> Agent::start(const model::Configuration& configuration, std::vector<model::Problem>& problems) {
  started_ = parts_.loop.now().elapsed;
  begin_series();
  const auto last = begin(configuration, problems);
  if (!last) return last.error();
  parts_.loop.on_clock_step([this] {
    if (stands()) hear_clock_step();
  });
  resume(*last);
  look_at_temporal();
  look_at_certificates();
  if (parts_.bus != nullptr) parts_.bus->start(*this, take_interest(), std::move(former_filters_));
  return {};
}

// From the store and the journal, as every start; returns the last moment that was lived through.
Result<Moment> Agent::begin(const model::Configuration& configuration,
                            std::vector<model::Problem>& problems) {
  redelivery_.forget();
  auto recovered = recover({.store = parts_.store,
                            .open_journal = parts_.open_journal,
                            .clock = parts_.clock,
                            .log = parts_.log,
                            .zones = parts_.zones,
                            .redelivery = redelivery_},
                           configuration, problems);
  if (!recovered) return recovered.error();
  // A reload may have changed it since the process began.
  const bool always = !recovered->configuration.store.sync;
  if (auto set = recovered->journal->sync_always(always); !set) return set.error();
  // What is followed live goes on with the numbers that the store gives.
  if (recovered->newest_line > 0) ledger_number_ = recovered->newest_line;
  assemble(*recovered);
  watcher_->restore(recovered->facts);
  for (const auto& [name, filters] : recovered->facts) {
    if (name == kWrittenFact && kept_.empty()) written_.read(filters);
    if (name != kFiltersFact) continue;
    for (const std::string_view filter : split(filters, '\n')) former_filters_.emplace_back(filter);
  }
  if (kept_.empty()) {  // as they were when the process began, but for the largest, which the engine has
    kept_ = std::move(recovered->facts);
    std::erase_if(kept_, [](const auto& kept) { return kept.first == "rules"; });
  }
  return recovered->last;
}

void Agent::resume(Moment last) {
  const std::int64_t max_payload = configuration_.mqtt ? configuration_.mqtt->max_payload : 0;
  intake_.open(*journal_, engine_->timeline(), max_payload, engine_->known().away);
  take_interest();
  tell_the_clock(last);
  look_at_room();
  if (!full_ && (parts_.bus == nullptr || bus_subscribed_)) accept_own(model::Absence{false});
  bridge_->begin(engine_->next_number() - 1);
  engine_->work();
  committer_->now();
  look_at_journal();
}

void Agent::assemble(Recovered& recovered) {
  configuration_ = std::move(recovered.configuration);
  journal_ = std::move(recovered.journal);
  limit_ = static_cast<std::uint64_t>(configuration_.store.max_size);
  committer_ = std::make_unique<Committer>(Committer::Parts{
      .loop = parts_.loop,
      .worker = parts_.store_worker,
      .store = parts_.store,
      .journal = *journal_,
      .log = parts_.log,
      .fill = [this](StoreBatch& batch) { engine_->fill(batch); },
      .failed = [this](const Error& problem) { parts_.loop.post([this, problem] { fail(problem); }); },
  });
  committer_->set_size(parts_.store.size());
  engine_ = std::make_unique<EngineLoop>(
      EngineLoop::Parts{
          .loop = parts_.loop,
          .clock = parts_.clock,
          .log = parts_.log,
          .journal = *journal_,
          .intake = intake_,
          .committer = *committer_,
          .timeline = recovered.timeline,
          .doubt = std::move(recovered.doubt),
          .sealer = parts_.sealer,
          .next_number = recovered.next_number,
          .most_uncommitted = std::min<std::uint64_t>(
              4 << 20, static_cast<std::uint64_t>(configuration_.store.max_size) / 16),
          .admits = [this](const model::OutboxRecord& record) { return admits(record); },
          .committed = [this](Committed done) { committed(std::move(done)); },
          .taken = [this](const model::Input& input, Instant at) { record_input(input, at); },
          .replaced =
              [this](const engine::Engine& old) {
                add_counts(old);
                counted_.clear();
              },
          .much_written = [this] { give_back_memory_later(); },
      },
      std::move(recovered.engine));
  engine_->add(std::move(recovered.effects), std::move(recovered.state));
  engine_->begin(recovered.position, recovered.last, recovered.known);
  committer_->next().facts.emplace_back("rules", write_rules(in_force()));
  for (Note& note : recovered.notes) {
    committer_->next().facts.emplace_back(std::move(note.name), std::move(note.value));
  }
  make_bridge();
}

// The rules and schedules that the engine goes by.
model::Configuration Agent::in_force() const {
  model::Configuration configuration = configuration_;
  configuration.schedules = engine_->engine().file_schedules();
  return configuration;
}

outbox::Limits Agent::limits() const {
  outbox::Limits limits;
  limits.max_connections = configuration_.temporal.max_connections;
  limits.signals_per_second = configuration_.temporal.signals_per_second;
  limits.max_age = configuration_.store.max_age;
  limits.seed = parts_.seed;
  return limits;
}

void Agent::make_bridge() {
  bridge_ = std::make_unique<Bridge>(
      Bridge::Parts{
          .loop = parts_.loop,
          .callers = parts_.callers,
          .temporal = parts_.temporal,
          .bus = parts_.bus,
          .sealer = parts_.sealer,
          .log = parts_.log,
          .read =
              [this](std::optional<std::string> lane, std::uint64_t after, std::size_t limit,
                     Bridge::Parts::ReadDone done) {
                read_waiting(std::move(lane), after, limit, std::move(done));
              },
          .commit = [this](std::vector<RecordUpdate> updates,
                           std::function<void()> done) { commit(std::move(updates), std::move(done)); },
          .awaited = [this](std::uint64_t number) { return waiting_.contains(number); },
          .delivered = [this](Delivered record) { delivered(std::move(record)); },
          .requested = [this](const Request& request) { requested(request); },
          .link_changed = [this] { link_changed(); },
          .now = [this] { return engine_->now(); },
      },
      limits());
}

// A wall clock that is not where it should be after the time that has passed was set meanwhile.
void Agent::tell_the_clock(Moment last) {
  const Moment present = engine_->now();
  const Instant expected = last.wall + (present.elapsed - last.elapsed);
  const Millis off = present.wall - expected;
  stepped_ = present;
  if (off < -kStepWorthTelling || off > kStepWorthTelling) accept_own(model::ClockStep{expected});
  clock_trusted_ = engine_->known().clock_trusted;
  look_at_clock();
}

void Agent::hear_clock_step() {
  const Moment present = engine_->now();
  // The engine may be behind, with an earlier step before it.
  const Moment last = engine_->last().elapsed < stepped_.elapsed ? stepped_ : engine_->last();
  const Instant expected = last.wall + (present.elapsed - last.elapsed);
  const Millis off = present.wall - expected;
  if (off >= -kStepWorthTelling && off <= kStepWorthTelling) return;
  parts_.log.warning("clock.stepped", "the clock was set", {{"by", off}});
  stepped_ = present;
  accept_own(model::ClockStep{expected});
  look_at_clock();
}

// Until the clock is known to be right it is looked at now and then; after that no more.
void Agent::look_at_clock() {
  if (clock_timer_) parts_.loop.cancel(*std::exchange(clock_timer_, std::nullopt));
  const bool trusted = clock_trusted(parts_.clock, configuration_.device.clock_wait);
  if (trusted != clock_trusted_ || !engine_->known().clock_trusted) {
    if (trusted) accept_own(model::ClockTrust{true});
    clock_trusted_ = trusted;
    look_at_certificates();
  }
  if (trusted) return;
  clock_timer_ = parts_.loop.at(parts_.loop.now().elapsed + kClockPoll, [this] {
    clock_timer_.reset();
    if (stands()) look_at_clock();
  });
}

// With sync = "1s" what was written reaches the disk within that time. Each entry that comes asks for it:
// an agent to which nothing happens is not woken. One that is frozen takes no entry, and so hears of none.
void Agent::look_at_journal() {
  const auto every = configuration_.store.sync;
  if (!every || sync_timer_) return;
  sync_timer_ = parts_.loop.at(parts_.loop.now().elapsed + *every, [this] {
    sync_timer_.reset();
    if (!stands()) return;
    if (engine_->frozen()) look_at_journal();
    if (!journal_->needs_sync()) return;
    auto done = std::make_shared<Result<void>>();
    parts_.store_worker.run([done, journal = journal_.get()] { *done = journal->sync(); },
                            [this, done] {
                              if (!*done) fail(done->error());
                            });
  });
}

// An input of the agent's own. Where the journal is full it waits for the next commit; where it can't be
// written the agent begins anew, and finds out again.
void Agent::accept_own(model::Input input) {
  if (!untold_.empty()) return untold_.push_back(std::move(input));
  const auto done = engine_->accept(input);
  if (!done && done.error().kind() == ErrorKind::exhausted) untold_.push_back(std::move(input));
}

void Agent::tell_what_waits() {
  while (!untold_.empty()) {
    const auto done = engine_->accept(untold_.front());
    if (!done && done.error().kind() == ErrorKind::exhausted) return;
    untold_.pop_front();
  }
}

void Agent::committed(Committed committed) {
  for (const model::OutboxRecord& record : committed.records) {
    const auto waiting = waiting_.find(record.number);
    if (waiting == waiting_.end()) continue;
    waiting->second.kept = true;
    if (waiting->second.overdue) answer_waiting(record.number, std::nullopt);
  }
  if (stands()) bridge_->added(std::move(committed.records));  // else it reads them when it begins
  for (const model::WatchRun& run : committed.watch) watcher_->watch(run);
  for (const model::OutboxRecord& record : committed.refused) end_unsent(record, "newest");
  if (!committed.refused.empty()) {
    parts_.log.warning("outbox.dropped", "the store is full: records were dropped",
                       {{"records", committed.refused.size()}, {"reason", "newest"}});
  }
  const Instant now = engine_->now().wall;
  for (const model::LedgerEntry& entry : committed.ledger) {
    const bool due = entry.what == "fired" && entry.reason.empty();
    if (entry.origin != model::OriginKind::schedule || !(due || entry.what == "made_up")) continue;
    metrics_.count("messages_received_total", "schedule");
    if (due) metrics_.observe("schedule_lateness_seconds", std::max(now - entry.at, Millis{0}));
  }
  if (ledger_listener_) {
    for (model::LedgerEntry& entry : committed.ledger) {
      ledger_listener_(NumberedLedgerEntry{++ledger_number_, std::move(entry)});
    }
  }
  look_at_room();
}

// What is taken of what arrives, and what is subscribed to for the rules.
std::vector<Subscription> Agent::take_interest() {
  choose_keeps();
  std::vector<Subscription> subscriptions;
  for (const rules::PlannedSubscription& planned : engine_->engine().subscriptions().subscriptions()) {
    subscriptions.push_back({planned.filter.subscription(), planned.qos, planned.id});
  }
  // The broker keeps subscriptions in the session: a later start must know which to leave.
  std::string filters;
  for (const Subscription& one : subscriptions) filters += (filters.empty() ? "" : "\n") + one.filter;
  committer_->next().facts.emplace_back(kFiltersFact, std::move(filters));
  return subscriptions;
}

// What waits is sent as long as it goes and the patience lasts; what is left is sent at the next start.
void Agent::stop(Millis patience, std::function<void()> done) {
  stopping_ = true;
  watcher_->stop();
  if (!stands()) return done();  // what was accepted is in the journal
  engine_->work();
  if (!engine_->known().away && !full_) accept_own(model::Absence{true});
  stopped_ = [this, done = std::move(done)] {
    if (!stands()) return done();
    committer_->now([done](const Result<void>&) { done(); });
  };
  parts_.loop.at(parts_.loop.now().elapsed + patience, [this] {
    if (stopped_) std::exchange(stopped_, {})();
  });
  committer_->now([this](const Result<void>&) { look_at_end(); });
}

void Agent::look_at_end() {
  if (!stopped_) return;
  if (!stands()) return std::exchange(stopped_, {})();
  const LinkState link = bridge_->temporal();
  const bool stuck = !link.reached || link.held;
  if (stuck || committer_->size().waiting == 0) std::exchange(stopped_, {})();
}

// --- the bus, on its own threads -----------------------------------------------------------------

bool Agent::arrived(const Arrival& arrival) {
  return intake_.arrived(arrival);
}

void Agent::connected(bool session_present) {
  if (!session_present) intake_.session_lost();
  parts_.loop.post([this, session_present] {
    bus_connected_ = true;
    bus_problem_.clear();
    refused_.clear();
    parts_.log.info("mqtt.connected", "connected to the broker",
                    {{"session", session_present ? "kept" : "new"}});
  });
}

void Agent::subscribed() {
  parts_.loop.post([this] {
    bus_subscribed_ = true;
    parts_.log.info("mqtt.subscribed", "the broker has acknowledged every subscription");
    tell_health();
    if (stands() && !full_ && !stopping_) accept_own(model::Absence{false});
  });
}

void Agent::refused(const std::string& filter, const std::string& why) {
  parts_.loop.post([this, filter, why] {
    refused_[filter] = why;
    parts_.log.error("mqtt.subscription_refused", why, {{"filter", filter}});
  });
}

void Agent::disconnected(const std::string& why) {
  parts_.loop.post([this, why] {
    const bool was_connected = std::exchange(bus_connected_, false);
    const bool said = !was_connected && bus_problem_ == why;
    bus_subscribed_ = false;
    bus_problem_ = why;
    if (stopping_ || said) return;
    parts_.log.warning(was_connected ? "mqtt.disconnected" : "mqtt.unreachable", why);
    if (stands() && !engine_->known().away && !full_) accept_own(model::Absence{true});
  });
}

// --- the bridge ----------------------------------------------------------------------------------

void Agent::commit(std::vector<RecordUpdate> updates, std::function<void()> done) {
  if (!stands()) return;  // whoever asked begins anew too
  StoreBatch& next = committer_->next();
  std::move(updates.begin(), updates.end(), std::back_inserter(next.updates));
  committer_->now([this, done = std::move(done)](const Result<void>& committed) {
    if (!committed) return;
    if (done) done();
    look_at_room();
    look_at_end();
  });
}

void Agent::requested(const Request& request) {
  if (!request.prepared)
    metrics_.count("bridge_requests_total", model::name_of(request.kind), label_of(request.outcome));
  if (request.target != outbox::Target::temporal) return;
  metrics_.observe("bridge_request_seconds", request.took);
  // What can't be sent is dead without having been asked for.
  if (!request.passed || request.outcome == DeliveryOutcome::dead) return;
  temporal_heard_ = parts_.loop.now().elapsed;
  if (!temporal_up_) tell_temporal(true, {});
}

bool Agent::bridge_passes() const {
  const LinkState link = bridge_->temporal();
  return link.reached && !link.held;
}

void Agent::link_changed() {
  tell_temporal(bridge_passes(), bridge_->temporal().problem);
  look_at_end();
}

void Agent::tell_temporal(bool up, const std::string& problem) {
  if (up && !temporal_up_) {
    parts_.log.info("temporal.reachable", "Temporal answers");
  } else if (!up && (temporal_up_ || problem != temporal_problem_)) {
    parts_.log.warning("temporal.unreachable", problem);
  }
  temporal_up_ = up;
  temporal_problem_ = up ? std::string() : problem;
  if (stands() && engine_->known().temporal_up != up && !stopping_) accept_own(model::TemporalLink{up});
  watcher_->temporal_is_up(up);
}

// Thirty days ahead, where the clock says so.
void Agent::look_at_certificates() {
  if (certificate_timer_) parts_.loop.cancel(*std::exchange(certificate_timer_, std::nullopt));
  if (!parts_.read_file) return;
  warnings_ = certificate_warnings(configuration_, parts_.read_file, parts_.clock.now().wall);
  for (const std::string& warning : warnings_) parts_.log.warning("certificate.ends", warning);
  certificate_timer_ = parts_.loop.at(parts_.loop.now().elapsed + kCertificatePoll, [this] {
    certificate_timer_.reset();
    look_at_certificates();
  });
}

// While nothing is sent nobody else finds out whether Temporal answers.
void Agent::look_at_temporal() {
  const Elapsed now = parts_.loop.now().elapsed;
  temporal_timer_ = parts_.loop.at(now + kTemporalPoll, [this] {
    temporal_timer_.reset();
    look_at_temporal();
  });
  if (stopping_ || (temporal_up_ && now < temporal_heard_ + kTemporalPoll)) return;
  ask_temporal_again();
}

void Agent::ask_temporal_again() {
  auto answer = std::make_shared<DeliveryAnswer>();
  const bool was_up = temporal_up_;
  const Elapsed heard = temporal_heard_;
  parts_.temporal_worker.run([this, answer] { *answer = parts_.temporal.probe(); },
                             [this, answer, was_up, heard] {
                               // What was sent, or is held, knows it better: who may ask may start nothing.
                               if (was_up != temporal_up_ || heard != temporal_heard_) return;
                               const bool up = answer->outcome == DeliveryOutcome::done;
                               if (up && stands() && committer_->size().waiting > 0 && !bridge_passes())
                                 return;
                               tell_temporal(up, answer->reason);
                             });
}

}  // namespace sundial::runtime
