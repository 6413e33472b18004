// Opening the store: lock, integrity, schema; and what is done with a database that is damaged.
#include <fmt/format.h>

#include "agent/adapters/sqlite/salvage.hpp"
#include "agent/adapters/sqlite/schema.hpp"
#include "agent/adapters/sqlite/sqlite_store.hpp"

namespace sundial {

using sqlite::Database;
using sqlite::Statement;

namespace {

// An opened database of this version, or why not; `corrupt`: the file is damaged.
Result<Database> open_database(const std::string& path, std::uint64_t max_log_bytes) {
  auto database = Database::open(path, Database::Access::read_write);
  if (!database) return database.error();
  // Before anything is written: what is not ours is left as it is.
  if (auto ours = sqlite::recognise(*database); !ours) return ours.error();
  const auto pages = database->number("PRAGMA page_count");
  if (!pages) return pages.error();
  if (*pages == 0) {
    if (auto done = database->execute("PRAGMA page_size=1024; PRAGMA auto_vacuum=INCREMENTAL"); !done)
      return done.error();
  }
  const auto mode = database->text("PRAGMA journal_mode=WAL");
  if (!mode) return mode.error();
  const std::string settings = fmt::format(
      "PRAGMA synchronous=FULL; PRAGMA journal_size_limit={}; PRAGMA secure_delete=FAST", max_log_bytes);
  if (auto done = database->execute(settings.c_str()); !done) {
    return done.error();
  }
  const auto check = database->text("PRAGMA quick_check(1)");
  if (!check) return check.error();
  if (*check != "ok") return Error(ErrorKind::corrupt, "the database: " + *check);
  if (auto done = sqlite::prepare_schema(*database); !done) return done.error();
  return database;
}

std::string time_suffix(Instant now) {
  std::string text;
  for (char c : format_rfc3339(now, Fraction::when_needed)) {
    if (c != '-' && c != ':') text += c;
  }
  return text;
}

// Never over a file that was set aside before.
std::string free_name(Disk& disk, const std::string& wanted) {
  std::string name = wanted;
  for (int i = 2; disk.open(name, Opening::existing); ++i) name = fmt::format("{}-{}", wanted, i);
  return name;
}

Result<std::string> set_aside(Disk& disk, const SqliteOptions& options) {
  const std::string path = options.directory + "/sundial.db";
  const std::string aside = free_name(disk, path + ".corrupt-" + time_suffix(options.now));
  if (auto done = disk.rename(path, aside); !done) return done.error();
  // With its log, which belongs to it: whoever looks into the file later needs both.
  (void)disk.rename(path + "-wal", aside + "-wal");
  (void)disk.remove(path + "-shm");
  if (auto done = disk.sync_directory(options.directory); !done) return done.error();
  return aside;
}

// SQLite gives the files that it makes the rights of the database; so that is made first.
Result<void> make_private(Disk& disk, const std::string& path) {
  auto file = disk.open(path, Opening::create);
  if (!file) return file.error();
  return {};
}

Result<Database> open_or_salvage(Disk& disk, Log& log, const SqliteOptions& options) {
  const std::string path = options.directory + "/sundial.db";
  if (auto done = make_private(disk, path); !done) return done.error();
  auto database = open_database(path, options.max_log_bytes);
  if (database || database.error().kind() != ErrorKind::corrupt) return database;
  const auto aside = set_aside(disk, options);
  if (!aside) return aside.error();
  log.error("store.set_aside", "the database is damaged; it is kept, and what can be read of it goes on",
            {{"file", path}, {"kept_as", *aside}, {"damage", database.error().message()}});
  if (auto done = make_private(disk, path); !done) return done.error();
  auto fresh = open_database(path, options.max_log_bytes);
  if (!fresh) return fresh.error();
  const auto saved = sqlite::salvage(*aside, *fresh);
  if (!saved) return saved.error();
  log.error("store.salvaged", "what could be read of the damaged database",
            {{"records", saved->records},
             {"states", saved->states},
             {"left_out", saved->left_out},
             {"progress", saved->progress ? "kept" : "lost"}});
  return fresh;
}

}  // namespace

SqliteStore::SqliteStore(Log& log, SqliteOptions options, std::unique_ptr<FileLock> lock, Database database)
    : log_(log), options_(std::move(options)), lock_(std::move(lock)), database_(std::move(database)) {
  sqlite3_wal_hook(database_.raw(), &SqliteStore::after_commit, this);
}

SqliteStore::~SqliteStore() {
  sqlite3_wal_hook(database_.raw(), nullptr, nullptr);
}

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(Disk& disk, Log& log, SqliteOptions options) {
  if (auto done = disk.make_directory(options.directory); !done) return done.error();
  auto lock = disk.lock(options.directory + "/sundial.lock");
  if (!lock) return lock.error();
  auto database = open_or_salvage(disk, log, options);
  if (!database) return database.error();
  std::unique_ptr<SqliteStore> store(
      new SqliteStore(log, std::move(options), std::move(*lock), std::move(*database)));
  if (auto done = store->prepare(); !done) return done.error();
  return store;
}

Result<void> SqliteStore::prepare() {
  constexpr std::string_view kRow = "SELECT number, state, record, sum, memory, reason FROM outbox WHERE ";
  const std::string row(kRow);
  struct Text {
    Statement* statement;
    std::string sql;
  };
  Statements& s = statements_;
  const Text texts[] = {
      {&s.insert_record,
       "INSERT INTO outbox(number, state, size, sum, lane, record, priority) VALUES(?, 0, ?, ?, ?, ?, ?)"},
      {&s.select_row, "SELECT state, size FROM outbox WHERE number = ?"},
      {&s.delete_row, "DELETE FROM outbox WHERE number = ?"},
      {&s.set_memory, "UPDATE outbox SET memory = ? WHERE number = ?"},
      {&s.bury, "UPDATE outbox SET state = 1, reason = ? WHERE number = ?"},
      {&s.revive, "UPDATE outbox SET state = 0, reason = NULL, memory = NULL WHERE number = ?"},
      {&s.replace, "UPDATE outbox SET record = ?, size = ?, sum = ? WHERE number = ?"},
      {&s.waiting, row + "number > ? AND state = 0 ORDER BY number LIMIT ?"},
      {&s.of_lane, row + "number > ? AND state = 0 AND lane = ? ORDER BY number LIMIT ?"},
      {&s.dead, row + "number > ? AND state = 1 ORDER BY number LIMIT ?"},
      {&s.least_urgent, row + "state = 0 ORDER BY priority DESC, number LIMIT ?"},
      {&s.oldest_dead, "SELECT number, size FROM outbox WHERE state = 1 ORDER BY number LIMIT 1"},
      {&s.one, row + "number = ?"},
      {&s.put_state,
       "INSERT INTO state(owner, key, sum, bytes) VALUES(?, ?, ?, ?) "
       "ON CONFLICT(owner, key) DO UPDATE SET sum = excluded.sum, bytes = excluded.bytes"},
      {&s.erase_state, "DELETE FROM state WHERE owner = ? AND key = ?"},
      {&s.put_fact,
       "INSERT INTO fact(name, value) VALUES(?, ?) ON CONFLICT(name) DO UPDATE SET value = excluded.value"},
      {&s.erase_fact, "DELETE FROM fact WHERE name = ?"},
      {&s.put_ledger,
       "INSERT INTO ledger(at, origin, id, key, event, what, reason, detail) VALUES(?, ?, ?, ?, ?, ?, ?, ?)"},
      {&s.set_progress,
       "UPDATE progress SET journal = ?, next_number = ?, waiting = ?, waiting_bytes = ?, dead = ?, "
       "dead_bytes = ?"},
  };
  for (const Text& text : texts) {
    auto prepared = database_.prepare(text.sql, true);
    if (!prepared) return prepared.error();
    *text.statement = std::move(*prepared);
  }
  return read_totals();
}

}  // namespace sundial
