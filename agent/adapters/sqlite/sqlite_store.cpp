// Commits: what a batch does to the tables, and the tidying after it.
#include "agent/adapters/sqlite/sqlite_store.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "agent/adapters/sqlite/rows.hpp"

namespace sundial {

using sqlite::Statement;

namespace {

constexpr std::size_t kLargeBatch = 1000;  // pieces of state
constexpr std::uint64_t kPageBytes = 1024;
constexpr std::uint64_t kFramePages = kPageBytes + 24;
constexpr std::uint64_t kLedgerSlack = 256;  // pruned when so many have come

}  // namespace

Result<void> SqliteStore::commit(const StoreBatch& batch) {
  const std::lock_guard lock(mutex_);
  const Totals before = totals_;
  auto done = database_.execute("BEGIN IMMEDIATE");
  if (done) done = apply(batch);
  if (done) done = database_.execute("COMMIT");
  if (!done) {
    if (database_.in_transaction()) (void)database_.execute("ROLLBACK");
    totals_ = before;
    return done;
  }
  checkpoint();
  tidy();
  // What so much needed in memory is not needed again.
  if (batch.state.size() > kLargeBatch) (void)database_.execute("PRAGMA shrink_memory");
  return done;
}

Result<void> SqliteStore::apply(const StoreBatch& batch) {
  for (const model::OutboxRecord& record : batch.records) {
    if (auto done = insert(record); !done) return done;
  }
  for (const RecordUpdate& change : batch.updates) {
    if (auto done = update(change); !done) return done;
  }
  for (const model::StateChange& change : batch.state) {
    if (auto done = change_state(change); !done) return done;
  }
  for (const auto& [name, value] : batch.facts) {
    if (auto done = change_fact(name, value); !done) return done;
  }
  for (const LedgerCorrection& correction : batch.corrections) {
    if (auto done = correct(correction); !done) return done;
  }
  for (const model::LedgerEntry& entry : batch.ledger) {
    if (auto done = note(entry); !done) return done;
  }
  if (batch.journal) totals_.journal = batch.journal->offset;
  if (totals_.dead_bytes > options_.max_dead_bytes) {
    if (auto done = drop_oldest_dead(); !done) return done;
  }
  return save_totals();
}

void SqliteStore::count(Row row, int sign) {
  const auto one = static_cast<std::uint64_t>(sign);
  (row.dead ? totals_.dead : totals_.waiting) += one;
  (row.dead ? totals_.dead_bytes : totals_.waiting_bytes) += one * row.size;
}

Result<void> SqliteStore::insert(const model::OutboxRecord& record) {
  const std::string text = sqlite::record_to_text(record);
  Statement& statement = statements_.insert_record;
  const auto number = static_cast<std::int64_t>(record.number);
  auto done = statement.bind(number)
                  .bind(static_cast<std::int64_t>(sqlite::room_of(text)))
                  .bind(sqlite::sum_of(record.number, text))
                  .bind(sqlite::lane_hash(record.lane))
                  .bind(text)
                  .bind(std::int64_t{record.priority})
                  .run();
  if (!done) return done;
  count({.dead = false, .size = sqlite::room_of(text)}, 1);
  totals_.next_number = std::max(totals_.next_number, record.number + 1);
  return {};
}

Result<std::optional<SqliteStore::Row>> SqliteStore::row(std::uint64_t number) {
  Statement& statement = statements_.select_row;
  const auto found = statement.bind(static_cast<std::int64_t>(number)).step();
  if (!found) return found.error();
  if (!*found) return std::optional<Row>();
  const Row row{.dead = statement.number(0) != 0, .size = static_cast<std::uint64_t>(statement.number(1))};
  statement.reset();
  return std::optional(row);
}

// A record that is not there any more has been dropped meanwhile: nothing is left to do for it.
Result<void> SqliteStore::update(const RecordUpdate& update) {
  const auto present = row(update.number);
  if (!present) return present.error();
  if (!*present) return {};
  const auto number = static_cast<std::int64_t>(update.number);
  Row changed = **present;
  std::string text;
  auto done = [&]() -> Result<void> {
    switch (update.kind) {
      case RecordUpdate::Kind::remove:
        return statements_.delete_row.bind(number).run();
      case RecordUpdate::Kind::remember:
        return statements_.set_memory.bind_optional(sqlite::memory_to_text(update.memory)).bind(number).run();
      case RecordUpdate::Kind::bury:
        changed.dead = true;
        return statements_.bury.bind(update.reason).bind(number).run();
      case RecordUpdate::Kind::revive:
        changed.dead = false;
        return statements_.revive.bind(number).run();
      case RecordUpdate::Kind::replace: {
        auto replaced = replace(update, &text);
        if (replaced && !text.empty()) changed.size = sqlite::room_of(text);
        return replaced;
      }
    }
    return {};
  }();
  if (!done) return done;
  count(**present, -1);
  if (update.kind != RecordUpdate::Kind::remove) count(changed, 1);
  return {};
}

Result<void> SqliteStore::replace(const RecordUpdate& update, std::string* kept) {
  Statement& statement = statements_.one;
  const auto found = statement.bind(static_cast<std::int64_t>(update.number)).step();
  if (!found) return found.error();
  if (!*found || !update.action) return {};
  auto stored = read(statement);
  statement.reset();
  if (!stored) return stored.error();
  stored->record.action = *update.action;
  *kept = sqlite::record_to_text(stored->record);
  return statements_.replace.bind(*kept)
      .bind(static_cast<std::int64_t>(sqlite::room_of(*kept)))
      .bind(sqlite::sum_of(update.number, *kept))
      .bind(static_cast<std::int64_t>(update.number))
      .run();
}

Result<void> SqliteStore::change_state(const model::StateChange& change) {
  if (!change.bytes) return statements_.erase_state.bind(change.owner).bind(change.key).run();
  return statements_.put_state.bind(change.owner)
      .bind(change.key)
      .bind(sqlite::sum_of(change.owner, change.key, *change.bytes))
      .bind_blob(*change.bytes)
      .run();
}

Result<void> SqliteStore::change_fact(const std::string& name, const std::optional<std::string>& value) {
  if (!value) return statements_.erase_fact.bind(name).run();
  return statements_.put_fact.bind(name).bind_blob(*value).run();
}

Result<void> SqliteStore::note(const model::LedgerEntry& entry) {
  ++ledger_since_pruning_;
  newest_ledger_ = std::max(newest_ledger_, entry.at);
  if (entry.origin == model::OriginKind::schedule) schedules_since_pruning_.insert(entry.id);
  return statements_.put_ledger.bind(std::int64_t{entry.at.time_since_epoch().count()})
      .bind(model::name_of(entry.origin))
      .bind(entry.id)
      .bind(entry.key)
      .bind(entry.event)
      .bind(entry.what)
      .bind(entry.reason)
      .bind(entry.detail)
      .run();
}

// Comes with a step of the clock before it was trusted, once or twice a boot.
Result<void> SqliteStore::correct(const LedgerCorrection& correction) {
  const std::string sql = fmt::format("UPDATE ledger SET at = at + {} WHERE number > {}",
                                      correction.by.count(), correction.after);
  if (auto done = database_.execute(sql.c_str()); !done) return done;
  const auto newest = database_.number("SELECT coalesce(max(at), 0) FROM ledger");
  if (!newest) return newest.error();
  newest_ledger_ = Instant{Millis{*newest}};
  return {};
}

Result<void> SqliteStore::drop_oldest_dead() {
  while (totals_.dead_bytes > options_.max_dead_bytes && totals_.dead > 0) {
    const auto found = statements_.oldest_dead.step();
    if (!found) return found.error();
    if (!*found) return {};
    const std::int64_t number = statements_.oldest_dead.number(0);
    const Row row{.dead = true, .size = static_cast<std::uint64_t>(statements_.oldest_dead.number(1))};
    statements_.oldest_dead.reset();
    if (auto done = statements_.delete_row.bind(number).run(); !done) return done;
    count(row, -1);
    ++dead_dropped_;
    log_.warning("outbox.dead_dropped", "the oldest dead letter had to make room", {{"number", number}});
  }
  return {};
}

Result<void> SqliteStore::save_totals() {
  const auto number = [](std::uint64_t value) { return static_cast<std::int64_t>(value); };
  return statements_.set_progress.bind(number(totals_.journal))
      .bind(number(totals_.next_number))
      .bind(number(totals_.waiting))
      .bind(number(totals_.waiting_bytes))
      .bind(number(totals_.dead))
      .bind(number(totals_.dead_bytes))
      .run();
}

// What could wait until after the commit; a failure here is tried again after the next one.
void SqliteStore::tidy() {
  if (ledger_since_pruning_ >= kLedgerSlack) prune_ledger();
  // What is soon used again is not given back; and what is moved for it goes through the log.
  const auto some = static_cast<std::int64_t>(options_.max_log_bytes / 2 / kPageBytes);
  const auto free = database_.number("PRAGMA freelist_count");
  if (free && *free > some) {
    (void)database_.execute(fmt::format("PRAGMA incremental_vacuum({})", 2 * some).c_str());
    checkpoint();
  }
}

void SqliteStore::prune_ledger() {
  const Instant oldest = newest_ledger_ - options_.max_ledger_age;
  const std::string sql = fmt::format(
      "DELETE FROM ledger WHERE (origin <> 'schedule' AND number <= (SELECT max(number) FROM ledger) - {}) "
      "OR number < (SELECT number FROM ledger WHERE at >= {} ORDER BY number LIMIT 1)",
      options_.max_ledger_entries, oldest.time_since_epoch().count());
  if (database_.execute(sql.c_str()) && prune_schedules()) ledger_since_pruning_ = 0;
}

Result<void> SqliteStore::prune_schedules() {
  if (schedules_since_pruning_.empty()) return {};
  auto of_one = database_.prepare(fmt::format(
      "DELETE FROM ledger WHERE origin = 'schedule' AND id = ?1 AND number <= (SELECT number FROM "
      "ledger WHERE origin = 'schedule' AND id = ?1 ORDER BY number DESC LIMIT 1 OFFSET {})",
      options_.max_entries_of_schedule));
  if (!of_one) return of_one.error();
  for (const std::string& id : schedules_since_pruning_) {
    if (auto done = of_one->bind(id).run(); !done) return done;
  }
  const std::string of_all = fmt::format(
      "DELETE FROM ledger WHERE origin = 'schedule' AND number <= (SELECT number FROM ledger WHERE origin = "
      "'schedule' ORDER BY number DESC LIMIT 1 OFFSET {})",
      options_.max_entries_of_schedules);
  auto done = database_.execute(of_all.c_str());
  if (done) schedules_since_pruning_.clear();
  return done;
}

// Called by SQLite after each commit with the length of the write-ahead log.
int SqliteStore::after_commit(void* self, sqlite3*, const char*, int pages) {
  auto* store = static_cast<SqliteStore*>(self);
  // A log that is shorter than before began anew.
  const int fresh = pages > store->wal_pages_ ? pages - store->wal_pages_ : pages;
  store->written_bytes_ += static_cast<std::uint64_t>(fresh) * kFramePages;
  store->wal_pages_ = pages;
  return SQLITE_OK;
}

void SqliteStore::checkpoint() {
  // Half of what it may hold, so that it begins anew before that.
  if (static_cast<std::uint64_t>(wal_pages_) * kFramePages < options_.max_log_bytes / 2) return;
  int in_log = 0;
  int moved = 0;
  const int code =
      sqlite3_wal_checkpoint_v2(database_.raw(), nullptr, SQLITE_CHECKPOINT_PASSIVE, &in_log, &moved);
  if (code == SQLITE_OK && moved > 0) written_bytes_ += static_cast<std::uint64_t>(moved) * kPageBytes;
  if (code != SQLITE_OK) {
    log_.warning("store.checkpoint", sqlite::error_of(database_.raw(), code).message());
  }
}

}  // namespace sundial
