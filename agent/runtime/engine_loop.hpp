// The loop round the engine: inputs in journal order, timers, and what they cause into transactions.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/core/engine/engine.hpp"
#include "agent/ports/payload_codec.hpp"
#include "agent/runtime/committer.hpp"
#include "agent/runtime/intake.hpp"
#include "agent/runtime/known.hpp"
#include "agent/runtime/ledger_doubt.hpp"
#include "agent/runtime/timeline.hpp"
#include "platform/clock.hpp"

namespace sundial::runtime {

// What one transaction made durable, for those who act on it.
struct Committed {
  std::vector<model::OutboxRecord> records;
  std::vector<model::WatchRun> watch;
  std::vector<model::LedgerEntry> ledger;    // all of the transaction's, in the order of their numbers
  std::vector<model::OutboxRecord> refused;  // by `admits`: they are nowhere else
};

// What the ledger says of a record that a drop policy took, in the transaction in which it goes.
model::LedgerEntry dropped_entry(const model::OutboxRecord& record, Instant at, std::string_view reason);

// On the loop's thread.
class EngineLoop {
 public:
  struct Parts {
    EventLoop& loop;
    const Clock& clock;
    Log& log;
    Journal& journal;
    Intake& intake;
    Committer& committer;
    Timeline timeline;
    LedgerDoubt doubt{};
    const RecordSealer* sealer = nullptr;
    std::uint64_t next_number = 1;
    // So much of the journal may wait for a transaction that nobody waits for.
    std::uint64_t most_uncommitted = std::uint64_t{1} << 20;
    // Asked of each record before it is written; left out: all are.
    std::function<bool(const model::OutboxRecord&)> admits;
    std::function<void(Committed)> committed;
    std::function<void(const model::Input& input, Instant at)> taken{};  // by the engine
    std::function<void(const engine::Engine& old)> replaced{};           // by a reload
    std::function<void()> much_written{};  // a transaction of so many rows that its memory is worth a thought
  };

  EngineLoop(Parts parts, std::unique_ptr<engine::Engine> engine);
  ~EngineLoop();

  // Everything up to here is recovered; the next call of `work` or `accept` looks at the clock.
  void begin(JournalPosition position, Moment last, Known known);

  // Works off what came and what is due.
  void work();
  // Puts the input through the journal and the engine; `done` when all of it is durable. While frozen
  // callers' inputs are refused; what the agent itself has to say waits in the journal. The note goes
  // into the journal with it; into the store it is the caller's to put.
  Result<std::string> accept(model::Input input, Committer::Done done = {}, std::optional<Note> note = {});
  // A record that no rule decided, in the order of the decisions, and in no journal: where the commit
  // fails it is gone. Its number comes back.
  std::uint64_t submit(model::OutboxRecord record, Committer::Done done);
  // Effects that came about outside (a start, a reload), in this order before all that follow.
  void add(model::Effects effects, std::vector<model::StateChange> state);

  // While frozen nothing is taken and nothing falls due; what waits is worked off after it.
  void freeze(bool frozen);
  bool frozen() const { return frozen_; }

  const Timeline& timeline() const { return parts_.timeline; }
  std::uint64_t next_number() const { return next_number_; }
  // Of the journal, what no transaction has yet.
  std::uint64_t uncommitted_bytes() const { return parts_.journal.end().offset - committed_.offset; }

  // The last moment that the engine was told, and what it knows of the world.
  Moment last() const { return last_; }
  const Known& known() const { return known_; }

  engine::Engine& engine() { return *engine_; }
  const engine::Engine& engine() const { return *engine_; }
  // A reload, in the journal's order: the engine of this configuration takes over. ErrorKind::invalid:
  // it has problems, a line each, and nothing was changed.
  Result<void> follow(const model::Configuration& next, const ZoneSource& zones);

  // The present as the engine counts it.
  Moment now() const { return parts_.timeline.told(parts_.loop.now()); }
  // The Committer's: adds what is ready to a transaction.
  void fill(StoreBatch& batch);

 private:
  void arm();
  void disarm();
  void settle();
  void take(Accepted& accepted);
  void number_records(std::vector<model::OutboxRecord>& refused);

  Parts parts_;
  std::unique_ptr<engine::Engine> engine_;
  bool begun_ = false;
  bool frozen_ = false;
  bool changed_ = false;               // since the last transaction
  Millis pause_ = Committer::kLazily;  // until the next one that nobody waits for
  Moment last_{};
  Known known_;
  JournalPosition position_;
  JournalPosition committed_;
  std::uint64_t next_number_;
  const model::Configuration* next_ = nullptr;  // during a reload
  const ZoneSource* zones_ = nullptr;
  model::Effects effects_;
  std::vector<model::StateChange> state_;
  std::optional<EventLoop::TimerId> wall_timer_;
  std::optional<EventLoop::TimerId> elapsed_timer_;
  engine::Engine::Wake armed_;
};

}  // namespace sundial::runtime
