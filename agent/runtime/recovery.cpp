// Start, restart and recovery are one: the store's state, and the journal worked off from there.
#include "agent/runtime/recovery.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "agent/config/definitions.hpp"
#include "agent/runtime/rules_in_force.hpp"
#include "platform/json/json.hpp"

namespace sundial::runtime {
namespace {

std::string fact(const StoreLoad& load, std::string_view name) {
  for (const auto& [key, value] : load.facts) {
    if (key == name) return value;
  }
  return {};
}

// A schedule's definition is in the journal as JSON only.
void complete(model::Input& input) {
  auto* command = std::get_if<model::ScheduleCommand>(&input);
  if (command == nullptr || command->definition_json.empty()) return;
  const auto body = json::parse(command->definition_json);
  std::vector<model::Problem> problems;
  if (body) command->definition = config::read_schedule(command->id, *body, problems);
}

class Recovery {
 public:
  Recovery(const RecoveryParts& parts, model::Configuration wanted, std::vector<model::Problem>& problems)
      : parts_(parts), wanted_(std::move(wanted)), problems_(problems) {}

  Result<Recovered> run();

 private:
  struct Entry {
    JournalRecord record;
    JournalPosition end;
  };

  Result<void> read_ledger_end();
  Result<void> open_journal();
  Result<void> make_engine();
  Result<void> write_beginning();
  void replay();
  void take_note(Note note);
  Result<void> catch_up_with_present();
  Result<void> journal_and_take(model::Input input);
  Result<void> take_over(const model::Configuration& next);

  const RecoveryParts& parts_;
  model::Configuration wanted_;
  std::vector<model::Problem>& problems_;

  StoreLoad load_;
  std::optional<LastMoment> before_;
  std::vector<Entry> entries_;
  std::unique_ptr<engine::Engine> engine_;
  std::unique_ptr<Journal> journal_;
  model::Configuration configuration_;
  std::string wanted_text_;  // write_rules of `wanted_`
  std::string text_;         // and of `configuration_`
  JournalPosition position_;
  Moment last_{};
  Known known_;
  LedgerDoubt doubt_;
  std::uint64_t newest_line_ = 0;
  model::Effects effects_;
  std::vector<model::StateChange> state_;
  std::vector<Note> notes_;
};

Result<Recovered> Recovery::run() {
  auto load = parts_.store.load();
  if (!load) return load.error();
  load_ = std::move(*load);
  position_ = load_.journal;
  before_ = read_moment(fact(load_, "moment"));
  known_ = Known::read(fact(load_, "known"));
  if (auto read = read_ledger_end(); !read) return read.error();
  if (auto opened = open_journal(); !opened) return opened.error();
  if (auto made = make_engine(); !made) return made.error();
  replay();
  if (auto done = catch_up_with_present(); !done) return done.error();

  if (before_) before_->since_boot += last_.elapsed - before_->moment.elapsed;
  if (before_) before_->moment = last_;
  const Present present{parts_.clock.now(), parts_.clock.since_boot(), parts_.clock.boot_id(),
                        clock_trusted(parts_.clock, configuration_.device.clock_wait)};
  return Recovered{std::move(engine_),
                   std::move(journal_),
                   std::move(configuration_),
                   Timeline::begin(before_, present),
                   position_,
                   last_,
                   known_,
                   std::move(doubt_),
                   newest_line_,
                   load_.next_number,
                   std::move(effects_),
                   std::move(state_),
                   std::move(load_.facts),
                   std::move(notes_)};
}

Result<void> Recovery::read_ledger_end() {
  LedgerQuery last;
  last.limit = 1;
  const auto newest = parts_.store.ledger(last);
  if (!newest) return newest.error();
  if (!newest->empty()) newest_line_ = newest->front().number;
  doubt_ = LedgerDoubt(newest_line_, fact(load_, LedgerDoubt::kFact), known_.clock_trusted);
  return {};
}

Result<void> Recovery::open_journal() {
  auto journal = parts_.open_journal(
      load_.journal,
      [this](const JournalEntry& entry) {
        if (entry.preamble) return parts_.redelivery.read(entry.bytes);
        auto record = read_record(entry.bytes);
        if (!record) return parts_.log.error("journal.entry_unreadable", record.error().message());
        if (record->packet_id > 0) parts_.redelivery.taken(record->packet_id, record->digest);
        if (entry.end.offset > load_.journal.offset) entries_.push_back({std::move(*record), entry.end});
      },
      [&redelivery = parts_.redelivery] { return redelivery.write(); });
  if (!journal) return journal.error();
  journal_ = std::move(*journal);
  return {};
}

// With the rules that were last in force: what the journal still holds was accepted under them.
Result<void> Recovery::make_engine() {
  configuration_ = wanted_;
  text_ = wanted_text_ = write_rules(wanted_);
  const std::string in_force = fact(load_, "rules");
  if (!in_force.empty() && in_force != wanted_text_) {
    auto former = read_rules(in_force, wanted_);
    if (former) {
      configuration_ = std::move(*former);
      text_ = write_rules(configuration_);
    } else {
      parts_.log.warning("rules.former_unreadable", former.error().message());
    }
  }
  configuration_.stored_schedules = stored_schedules(load_.state);
  std::vector<model::Problem> former_problems;
  engine_ = engine::Engine::create(configuration_, parts_.zones, former_problems);
  if (!engine_) {
    auto stored = std::move(configuration_.stored_schedules);
    configuration_ = wanted_;
    configuration_.stored_schedules = std::move(stored);
    text_ = wanted_text_;
    engine_ = engine::Engine::create(configuration_, parts_.zones, problems_);
  }
  if (!engine_) return Error(ErrorKind::invalid, "the configuration has problems");
  for (const model::StateChange& change : load_.state) {
    if (change.bytes) engine_->restore(change.owner, change.key, *change.bytes);
  }
  last_ = before_ ? before_->moment : parts_.clock.now();
  engine_->begin(last_);
  if (auto written = before_ ? Result<void>() : write_beginning(); !written) return written.error();
  known_.tell(*engine_, last_, effects_);
  return {};
}

// The first start of all: what the journal gets from here on follows on this moment, these rules and this
// state. A process that dies before its first transaction would leave inputs that nobody knows the
// beginning of, of a boot that nobody knows.
Result<void> Recovery::write_beginning() {
  StoreBatch batch;
  batch.state = engine_->collect();
  batch.facts.emplace_back("moment",
                           write_moment({last_, parts_.clock.since_boot(), parts_.clock.boot_id()}));
  batch.facts.emplace_back("known", known_.write());
  batch.facts.emplace_back("rules", text_);
  return parts_.store.commit(batch);
}

void Recovery::replay() {
  for (Entry& entry : entries_) {
    last_ = entry.record.at;
    if (auto* reloaded = std::get_if<Reloaded>(&entry.record.what)) {
      auto next = read_rules(reloaded->configuration, configuration_);
      if (!next || !take_over(*next))
        parts_.log.warning("rules.former_unreadable", "a reload can't be repeated");
    } else {
      auto& input = std::get<model::Input>(entry.record.what);
      complete(input);
      doubt_.take(input, last_, effects_.ledger);
      engine_->take(input, last_, effects_);
      known_.learn(input);
    }
    if (entry.record.note) take_note(std::move(*entry.record.note));
    position_ = entry.end;
  }
  if (!entries_.empty()) {
    parts_.log.info("journal.replayed", "inputs that had no transaction yet were worked off",
                    {{"inputs", entries_.size()}});
  }
}

void Recovery::take_note(Note note) {
  const auto known = std::find_if(load_.facts.begin(), load_.facts.end(),
                                  [&note](const auto& fact) { return fact.first == note.name; });
  if (known == load_.facts.end()) {
    load_.facts.emplace_back(note.name, note.value);
  } else {
    known->second = note.value;
  }
  notes_.push_back(std::move(note));
}

Result<void> Recovery::take_over(const model::Configuration& next) {
  std::vector<model::Problem> problems;
  auto engine = follow(*engine_, next, parts_.zones, last_, effects_, state_, problems);
  if (!engine) {
    problems_.insert(problems_.end(), problems.begin(), problems.end());
    return Error(ErrorKind::invalid, "the configuration has problems");
  }
  engine_ = std::move(engine);
  known_.tell(*engine_, last_, effects_);
  configuration_ = next;
  text_ = write_rules(next);
  return {};
}

// The agent was away from the last thing that was written on, and may come back under another
// configuration and with another clock. All of it goes into the journal, so that a crash from here on
// leads to the same.
Result<void> Recovery::catch_up_with_present() {
  if (!known_.away) {
    if (auto done = journal_and_take(model::Absence{true}); !done) return done;
  }
  if (known_.clock_trusted && !clock_trusted(parts_.clock, wanted_.device.clock_wait)) {
    if (auto done = journal_and_take(model::ClockTrust{false}); !done) return done;
  }
  if (wanted_text_ != text_) {
    model::Configuration next = wanted_;
    next.stored_schedules = configuration_.stored_schedules;
    tell_of_places(configuration_, next, parts_.log);
    if (auto done = take_over(next); !done) return done;
    auto end = journal_->append_beyond(write_record({last_, Reloaded{wanted_text_}}));
    if (!end) return end.error();
    position_ = *end;
    parts_.log.info("rules.changed", "the configuration is another than at the last start");
  }
  // What is not about rules holds as it is written now, also where a former text was read. The
  // schedules are the engine's from here on.
  configuration_ = std::move(wanted_);
  configuration_.schedules = std::vector<model::ScheduleDefinition>();
  return {};
}

Result<void> Recovery::journal_and_take(model::Input input) {
  auto end = journal_->append_beyond(write_record({last_, input}));
  if (!end) return end.error();
  doubt_.take(input, last_, effects_.ledger);
  engine_->take(input, last_, effects_);
  known_.learn(input);
  position_ = *end;
  return {};
}

}  // namespace

Result<Recovered> recover(const RecoveryParts& parts, model::Configuration configuration,
                          std::vector<model::Problem>& problems) {
  return Recovery(parts, std::move(configuration), problems).run();
}

bool clock_trusted(const Clock& clock, Millis clock_wait) {
  return clock.synchronised() || clock.since_boot() >= clock_wait;
}

}  // namespace sundial::runtime
