// Start, restart and recovery are one: the store's state, and the journal worked off from there.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/core/engine/engine.hpp"
#include "agent/ports/journal.hpp"
#include "agent/runtime/journal_entry.hpp"
#include "agent/runtime/known.hpp"
#include "agent/runtime/ledger_doubt.hpp"
#include "agent/runtime/redelivery.hpp"
#include "agent/runtime/timeline.hpp"
#include "platform/base/log.hpp"
#include "platform/clock.hpp"

namespace sundial::runtime {

// Opens the journal and reads what is in it through `visit`; `preamble` is what the agent wants to
// find at the head of each of its files.
using OpenJournal = std::function<Result<std::unique_ptr<Journal>>(
    JournalPosition committed, const JournalVisitor& visit, std::function<std::string()> preamble)>;

struct RecoveryParts {
  Store& store;
  OpenJournal open_journal;
  const Clock& clock;
  Log& log;
  const ZoneSource& zones;
  Redelivery& redelivery;  // filled with what was taken; the journal's preamble from then on
};

struct Recovered {
  std::unique_ptr<engine::Engine> engine;
  std::unique_ptr<Journal> journal;
  model::Configuration configuration;  // without the schedules: the engine has them
  Timeline timeline;
  JournalPosition position;  // all before it was given to the engine
  Moment last;               // the last moment that the engine was told
  Known known;
  LedgerDoubt doubt;
  std::uint64_t newest_line = 0;  // of the store's ledger
  std::uint64_t next_number = 1;
  model::Effects effects;  // not yet in the store
  std::vector<model::StateChange> state;
  std::vector<std::pair<std::string, std::string>> facts;  // the store's, with the journal's notes
  std::vector<Note> notes;                                 // of the journal, not yet in the store
};

// `problems`: of the configuration; then there is no engine and an error that says so.
Result<Recovered> recover(const RecoveryParts& parts, model::Configuration configuration,
                          std::vector<model::Problem>& problems);

// Whether the wall clock can be believed: it follows a time server, or the boot is so long ago that
// no better will come.
bool clock_trusted(const Clock& clock, Millis clock_wait);

}  // namespace sundial::runtime
