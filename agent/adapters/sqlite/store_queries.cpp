// Reading the store: the start's load, records, the ledger, sizes and backups.
#include <sys/stat.h>

#include <algorithm>

#include <fmt/format.h>

#include "agent/adapters/sqlite/rows.hpp"
#include "agent/adapters/sqlite/sqlite_store.hpp"

namespace sundial {

using sqlite::Database;
using sqlite::Statement;

namespace {

std::uint64_t unsigned_of(const Statement& statement, int column) {
  return static_cast<std::uint64_t>(statement.number(column));
}

std::uint64_t file_size(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

model::OriginKind origin_of(const std::string& name) {
  for (const auto kind :
       {model::OriginKind::schedule, model::OriginKind::http, model::OriginKind::command_line}) {
    if (model::name_of(kind) == name) return kind;
  }
  return model::OriginKind::rule;
}

NumberedLedgerEntry entry_of(const Statement& statement) {
  NumberedLedgerEntry numbered;
  numbered.number = unsigned_of(statement, 0);
  numbered.entry.at = Instant{Millis{statement.number(1)}};
  numbered.entry.origin = origin_of(statement.text(2));
  numbered.entry.id = statement.text(3);
  numbered.entry.key = statement.text(4);
  numbered.entry.event = statement.text(5);
  numbered.entry.what = statement.text(6);
  numbered.entry.reason = statement.text(7);
  numbered.entry.detail = statement.text(8);
  return numbered;
}

}  // namespace

Result<void> SqliteStore::read_totals() {
  auto statement = database_.prepare(
      "SELECT journal, next_number, waiting, waiting_bytes, dead, dead_bytes FROM progress");
  if (!statement) return statement.error();
  const auto row = statement->step();
  if (!row) return row.error();
  if (!*row) return Error(ErrorKind::corrupt, "the database: its progress is gone");
  totals_ = {unsigned_of(*statement, 0), unsigned_of(*statement, 1), unsigned_of(*statement, 2),
             unsigned_of(*statement, 3), unsigned_of(*statement, 4), unsigned_of(*statement, 5)};
  return {};
}

Result<StoreLoad> SqliteStore::load() {
  const std::lock_guard lock(mutex_);
  if (auto done = read_totals(); !done) return done.error();
  StoreLoad load;
  load.journal = {totals_.journal};
  load.next_number = totals_.next_number;
  auto states = database_.prepare("SELECT owner, key, bytes, sum FROM state ORDER BY owner, key");
  if (!states) return states.error();
  Result<bool> row = false;
  while ((row = states->step()) && *row) {
    model::StateChange change{states->text(0), states->text(1), states->text(2)};
    if (sqlite::sum_of(change.owner, change.key, *change.bytes) == states->number(3)) {
      load.state.push_back(std::move(change));
    } else {
      log_.error("store.damaged", "a state that is damaged was left out",
                 {{"owner", change.owner}, {"key", change.key}});
    }
  }
  if (!row) return row.error();
  auto facts = database_.prepare("SELECT name, value FROM fact ORDER BY name");
  if (!facts) return facts.error();
  while ((row = facts->step()) && *row) load.facts.emplace_back(facts->text(0), facts->text(1));
  (void)database_.execute("PRAGMA shrink_memory");  // these pages are not read again
  if (!row) return row.error();
  return load;
}

// number, state, record, sum, memory, reason
Result<StoredRecord> SqliteStore::read(const Statement& statement) {
  const std::uint64_t number = unsigned_of(statement, 0);
  const std::string text = statement.text(2);
  if (sqlite::sum_of(number, text) != statement.number(3)) {
    return Error(ErrorKind::corrupt, fmt::format("record {} of the outbox is damaged", number));
  }
  auto record = sqlite::record_from_text(number, text);
  if (!record) return record.error();
  StoredRecord stored;
  stored.record = std::move(*record);
  stored.state = statement.number(1) == 0 ? RecordState::waiting : RecordState::dead;
  if (!statement.is_null(4)) stored.memory = sqlite::memory_from_text(statement.text(4));
  stored.reason = statement.text(5);
  return stored;
}

// A damaged record is left out and said: it must neither be sent nor stop the others.
Result<std::vector<StoredRecord>> SqliteStore::read_all(Statement& statement) {
  std::vector<StoredRecord> records;
  Result<bool> row = false;
  while ((row = statement.step()) && *row) {
    auto stored = read(statement);
    if (stored) {
      records.push_back(std::move(*stored));
    } else {
      log_.error("store.damaged", stored.error().message());
    }
  }
  if (!row) return row.error();
  return records;
}

Result<std::vector<StoredRecord>> SqliteStore::records(RecordState state, std::uint64_t after,
                                                       std::size_t limit) {
  const std::lock_guard lock(mutex_);
  Statement& statement = state == RecordState::waiting ? statements_.waiting : statements_.dead;
  statement.bind(static_cast<std::int64_t>(after)).bind(static_cast<std::int64_t>(limit));
  return read_all(statement);
}

Result<std::vector<StoredRecord>> SqliteStore::lane_records(const std::string& lane, std::uint64_t after,
                                                            std::size_t limit) {
  const std::lock_guard lock(mutex_);
  statements_.of_lane.bind(static_cast<std::int64_t>(after))
      .bind(sqlite::lane_hash(lane))
      .bind(static_cast<std::int64_t>(limit));
  auto records = read_all(statements_.of_lane);
  if (records) std::erase_if(*records, [&lane](const StoredRecord& one) { return one.record.lane != lane; });
  return records;
}

Result<std::vector<StoredRecord>> SqliteStore::least_urgent(std::size_t limit) {
  const std::lock_guard lock(mutex_);
  statements_.least_urgent.bind(static_cast<std::int64_t>(limit));
  return read_all(statements_.least_urgent);
}

Result<std::optional<StoredRecord>> SqliteStore::record(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  Statement& statement = statements_.one;
  const auto row = statement.bind(static_cast<std::int64_t>(number)).step();
  if (!row) return row.error();
  if (!*row) return std::optional<StoredRecord>();
  auto stored = read(statement);
  statement.reset();
  if (!stored) return stored.error();
  return std::optional(std::move(*stored));
}

Result<std::vector<NumberedLedgerEntry>> SqliteStore::ledger(const LedgerQuery& query) {
  const std::lock_guard lock(mutex_);
  std::string sql = "SELECT number, at, origin, id, key, event, what, reason, detail FROM ledger WHERE 1";
  if (query.before != 0) sql += fmt::format(" AND number < {}", query.before);
  if (query.until) sql += fmt::format(" AND at <= {}", query.until->time_since_epoch().count());
  // Written out, so that the index of schedules' entries is found.
  if (query.origin) sql += fmt::format(" AND origin = '{}'", model::name_of(*query.origin));
  if (!query.id.empty()) sql += " AND id = ?";
  if (query.key) sql += " AND key = ?";
  for (std::size_t i = 0; i < query.what.size(); ++i) sql += i == 0 ? " AND what IN (?" : ", ?";
  if (!query.what.empty()) sql += ")";
  sql += fmt::format(" ORDER BY number DESC LIMIT {}", query.limit);
  auto statement = database_.prepare(sql);
  if (!statement) return statement.error();
  if (!query.id.empty()) statement->bind(query.id);
  if (query.key) statement->bind(std::string_view(*query.key));
  for (const std::string& what : query.what) statement->bind(what);
  std::vector<NumberedLedgerEntry> entries;
  Result<bool> row = false;
  while ((row = statement->step()) && *row) entries.push_back(entry_of(*statement));
  if (!row) return row.error();
  return entries;
}

StoreSize SqliteStore::size() {
  const std::lock_guard lock(mutex_);
  StoreSize size;
  size.waiting = totals_.waiting;
  size.waiting_bytes = totals_.waiting_bytes;
  size.dead = totals_.dead;
  size.dead_bytes = totals_.dead_bytes;
  size.dead_dropped = dead_dropped_;
  size.log_bytes = file_size(path() + "-wal");
  size.file_bytes = file_size(path()) + size.log_bytes;
  size.free_bytes = static_cast<std::uint64_t>(database_.number("PRAGMA freelist_count").value_or(0)) * 1024;
  size.written_bytes = written_bytes_;
  return size;
}

Result<void> SqliteStore::backup(const std::string& file) {
  return back_up_state(options_.directory, file);
}

// Under another name until it is whole. Copied in steps within one reading transaction: what is committed
// meanwhile does not make it begin anew.
Result<void> back_up_state(const std::string& directory, const std::string& file,
                           const BackupProgress& progress) {
  constexpr int kPagesAStep = 4'096;
  auto source = Database::open(directory + "/sundial.db", Database::Access::read_only);
  if (!source) return source.error();
  if (auto begun = source->execute("BEGIN; SELECT count(*) FROM sqlite_master"); !begun) return begun.error();
  const std::string unfinished = file + ".part";
  ::unlink(unfinished.c_str());
  const mode_t before = ::umask(0077);
  auto target = Database::open(unfinished, Database::Access::read_write);
  ::umask(before);
  if (!target) return target.error().within(file);
  sqlite3_backup* copy = sqlite3_backup_init(target->raw(), "main", source->raw(), "main");
  if (copy == nullptr) return sqlite::error_of(target->raw(), sqlite3_errcode(target->raw())).within(file);
  int code = SQLITE_OK;
  while (code == SQLITE_OK) {
    code = sqlite3_backup_step(copy, kPagesAStep);
    const auto all = static_cast<std::uint64_t>(sqlite3_backup_pagecount(copy));
    if (progress) progress(all - static_cast<std::uint64_t>(sqlite3_backup_remaining(copy)), all);
  }
  sqlite3_backup_finish(copy);
  if (code != SQLITE_DONE) {
    ::unlink(unfinished.c_str());
    return sqlite::error_of(nullptr, code).within(file);
  }
  // A copy that stands alone: without a write-ahead log beside it.
  if (auto done = target->execute("PRAGMA journal_mode=DELETE"); !done) return done;
  *target = Database::closed();
  if (::rename(unfinished.c_str(), file.c_str()) != 0) {
    ::unlink(unfinished.c_str());
    return Error(ErrorKind::unavailable, "can't make " + file);
  }
  return {};
}

}  // namespace sundial
