// The loop round the engine: inputs in journal order, timers, and what they cause into transactions.
#include "agent/runtime/engine_loop.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "agent/runtime/rules_in_force.hpp"
#include "agent/runtime/run_watcher.hpp"

namespace sundial::runtime {
namespace {

// What state alone may cost the flash in the mean.
constexpr std::size_t kStateBytesASecond = 128 * 1024;
constexpr Millis kLongestPause = std::chrono::seconds{10};
constexpr std::size_t kManyRows = 4096;

template <typename T>
void move_all(std::vector<T>& from, std::vector<T>& to) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  from.clear();
}

// By a caller, who hears of a refusal.
bool is_asked_for(const model::Input& input) {
  return std::holds_alternative<model::Message>(input) ||
         std::holds_alternative<model::ScheduleCommand>(input) ||
         std::holds_alternative<model::ResetKeys>(input);
}

}  // namespace

model::LedgerEntry dropped_entry(const model::OutboxRecord& record, Instant at, std::string_view reason) {
  model::LedgerEntry entry;
  entry.at = at;
  entry.origin = record.origin.kind;
  entry.id = record.origin.id;
  entry.key = record.origin.key;
  entry.event = record.origin.event;
  entry.what = "dropped";
  entry.reason = reason;
  entry.detail = "the store was full";
  return entry;
}

EngineLoop::EngineLoop(Parts parts, std::unique_ptr<engine::Engine> engine)
    : parts_(std::move(parts)), engine_(std::move(engine)), next_number_(parts_.next_number) {}

EngineLoop::~EngineLoop() {
  disarm();
}

void EngineLoop::begin(JournalPosition position, Moment last, Known known) {
  position_ = committed_ = position;
  last_ = last;
  known_ = known;
  begun_ = true;
  changed_ = true;
}

void EngineLoop::work() {
  if (!begun_ || frozen_) return;
  for (Accepted& accepted : parts_.intake.take()) take(accepted);
  // What is due now comes before what may come in the meantime, and after what has come. Where an
  // input is just being written, this is called again when it is.
  if (const auto now = parts_.intake.moment_without_input()) {
    const auto wake = engine_->next_wake();
    if ((wake.wall && *wake.wall <= now->wall) || (wake.elapsed && *wake.elapsed <= now->elapsed)) {
      engine_->advance(*now, effects_);
      last_ = *now;
      changed_ = true;
    }
    arm();
  } else {
    disarm();
  }
  settle();
}

// Whoever waits for a record gets it at once; what only changed state has the journal for safety, and the
// more was written the last time, the longer it may wait: a row is written whole.
void EngineLoop::settle() {
  const bool much = changed_ && position_.offset - committed_.offset > parts_.most_uncommitted;
  if (!effects_.records.empty() || much) {
    parts_.committer.now();
  } else if (changed_) {
    parts_.committer.soon(pause_);
  }
}

Result<std::string> EngineLoop::accept(model::Input input, Committer::Done done, std::optional<Note> note) {
  if (frozen_ && is_asked_for(input)) return Error(ErrorKind::exhausted, "the store is full");
  auto id = parts_.intake.accept(std::move(input), std::move(note));
  if (!id) return id;
  work();
  if (done) parts_.committer.now(std::move(done));
  return id;
}

std::uint64_t EngineLoop::submit(model::OutboxRecord record, Committer::Done done) {
  // Numbers are given in `fill`, in the order of `effects_`.
  const std::uint64_t number = next_number_ + effects_.records.size();
  effects_.records.push_back(std::move(record));
  changed_ = true;
  parts_.committer.now(std::move(done));
  return number;
}

void EngineLoop::add(model::Effects effects, std::vector<model::StateChange> state) {
  for (model::LedgerEntry& entry : effects.ledger) entry.after_records += effects_.records.size();
  move_all(effects.records, effects_.records);
  move_all(effects.ledger, effects_.ledger);
  move_all(effects.watch, effects_.watch);
  move_all(state, state_);
  changed_ = true;
}

void EngineLoop::freeze(bool frozen) {
  frozen_ = frozen;
  if (frozen) {
    disarm();
  } else {
    work();
  }
}

void EngineLoop::take(Accepted& accepted) {
  if (const auto* input = std::get_if<model::Input>(&accepted.what)) {
    parts_.doubt.take(*input, accepted.at, effects_.ledger);
    engine_->take(*input, accepted.at, effects_);
    if (parts_.taken) parts_.taken(*input, accepted.at.wall);
    known_.learn(*input);
  } else if (next_ != nullptr) {
    std::vector<model::Problem> problems;
    auto engine = runtime::follow(*engine_, *next_, *zones_, accepted.at, effects_, state_, problems);
    if (engine) {
      if (parts_.replaced) parts_.replaced(*engine_);
      engine_ = std::move(engine);
    }
    known_.tell(*engine_, accepted.at, effects_);
  }
  last_ = accepted.at;
  position_ = accepted.end;
  changed_ = true;
}

Result<void> EngineLoop::follow(const model::Configuration& next, const ZoneSource& zones) {
  std::vector<model::Problem> problems;
  if (engine::Engine::create(next, zones, problems) == nullptr) return error_of(problems);
  next_ = &next;
  zones_ = &zones;
  auto done = parts_.intake.accept(Reloaded{write_rules(next)});
  if (done) work();
  next_ = nullptr;
  if (!done) return done.error();
  return {};
}

void EngineLoop::fill(StoreBatch& batch) {
  if (!begun_) return;
  auto committed = std::make_shared<Committed>();
  number_records(committed->refused);
  move_all(state_, batch.state);
  std::vector<model::StateChange> collected = engine_->collect();
  std::size_t bytes = 0;
  for (const model::StateChange& change : collected) bytes += change.bytes ? change.bytes->size() : 0;
  pause_ = std::clamp(Millis{static_cast<std::int64_t>(bytes * 1000 / kStateBytesASecond)},
                      Committer::kLazily, kLongestPause);
  if (collected.size() >= kManyRows && parts_.much_written) parts_.much_written();
  move_all(collected, batch.state);
  batch.journal = position_;
  // The machine's counter at that moment, so that the next start can tell how long ago it was.
  const Millis since_boot = parts_.clock.since_boot() - (now().elapsed - last_.elapsed);
  batch.facts.emplace_back("moment", write_moment({last_, since_boot, parts_.clock.boot_id()}));
  batch.facts.emplace_back("known", known_.write());
  for (const model::WatchRun& run : effects_.watch) batch.facts.push_back(RunWatcher::fact(run));
  changed_ = false;
  batch.records.insert(batch.records.end(), effects_.records.begin(), effects_.records.end());
  batch.ledger.insert(batch.ledger.end(), effects_.ledger.begin(), effects_.ledger.end());
  parts_.doubt.fill(batch);
  committed->records = std::move(effects_.records);
  committed->watch = std::move(effects_.watch);
  committed->ledger = batch.ledger;
  parts_.committer.then([this, position = position_, committed] {
    parts_.journal.commit(position);
    committed_ = position;
    parts_.committed(std::move(*committed));
  });
  effects_ = {};
}

void EngineLoop::number_records(std::vector<model::OutboxRecord>& refused) {
  for (model::OutboxRecord& record : effects_.records) {
    record.number = next_number_++;
    if (parts_.admits && !parts_.admits(record)) {
      effects_.ledger.push_back(dropped_entry(record, now().wall, "newest"));
      refused.push_back(std::exchange(record, {}));
      continue;
    }
    if (parts_.sealer == nullptr) continue;
    // What can't be encrypted must not be written in the clear; its keys were tried at the start.
    if (auto sealed = parts_.sealer->seal(record); !sealed) {
      parts_.log.error("outbox.not_encrypted", sealed.error().message());
      record.action = {};
    }
  }
  if (!refused.empty()) {
    std::erase_if(effects_.records, [](const model::OutboxRecord& record) { return record.number == 0; });
  }
}

void EngineLoop::arm() {
  const auto wake = engine_->next_wake();
  if (wake.wall != armed_.wall || !wall_timer_) {
    if (wall_timer_) parts_.loop.cancel(*std::exchange(wall_timer_, std::nullopt));
    armed_.wall = wake.wall;
    if (wake.wall) {
      wall_timer_ = parts_.loop.at(*wake.wall, [this] {
        wall_timer_.reset();
        work();
      });
    }
  }
  if (wake.elapsed != armed_.elapsed || !elapsed_timer_) {
    if (elapsed_timer_) parts_.loop.cancel(*std::exchange(elapsed_timer_, std::nullopt));
    armed_.elapsed = wake.elapsed;
    if (wake.elapsed) {
      elapsed_timer_ = parts_.loop.at(parts_.timeline.machine(*wake.elapsed), [this] {
        elapsed_timer_.reset();
        work();
      });
    }
  }
}

void EngineLoop::disarm() {
  if (wall_timer_) parts_.loop.cancel(*std::exchange(wall_timer_, std::nullopt));
  if (elapsed_timer_) parts_.loop.cancel(*std::exchange(elapsed_timer_, std::nullopt));
}

}  // namespace sundial::runtime
