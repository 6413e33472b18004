// Migrations, oldest first. One that was released is never changed: a new one is added behind it.
#include "agent/adapters/sqlite/schema.hpp"

#include <array>

#include <fmt/format.h>

namespace sundial::sqlite {
namespace {

constexpr std::int64_t kApplicationId = 0x53554E44;  // "SUND", which file(1) and others can tell

// outbox.state: 0 waiting, 1 dead. `sum` is the checksum of the row's text or bytes, `lane` a hash of the
// record's lane: without an index, which would cost a page a record, but found without reading the texts.
// `progress` has one row; its totals spare a start the look at each record.
constexpr std::array<const char*, 3> kMigrations{{
    R"sql(
CREATE TABLE progress(
  one INTEGER PRIMARY KEY CHECK(one = 1),
  journal INTEGER NOT NULL, next_number INTEGER NOT NULL,
  waiting INTEGER NOT NULL, waiting_bytes INTEGER NOT NULL, dead INTEGER NOT NULL, dead_bytes INTEGER NOT NULL);
INSERT INTO progress VALUES(1, 0, 1, 0, 0, 0, 0);
CREATE TABLE outbox(
  number INTEGER PRIMARY KEY, state INTEGER NOT NULL, size INTEGER NOT NULL, sum INTEGER NOT NULL,
  lane INTEGER NOT NULL, record TEXT NOT NULL, memory TEXT, reason TEXT);
CREATE INDEX outbox_dead ON outbox(number) WHERE state = 1;
CREATE TABLE state(owner TEXT NOT NULL, key TEXT NOT NULL, sum INTEGER NOT NULL, bytes BLOB NOT NULL,
  PRIMARY KEY(owner, key)) WITHOUT ROWID;
CREATE TABLE fact(name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE ledger(
  number INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, origin TEXT NOT NULL, id TEXT NOT NULL,
  key TEXT NOT NULL, event TEXT NOT NULL, what TEXT NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL);
)sql",
    // What became of a schedule's due times is asked for by schedule, and kept by it.
    R"sql(
CREATE INDEX ledger_of_schedule ON ledger(id, number) WHERE origin = 'schedule';
)sql",
    // `size` becomes the room that a row takes on the disk (room_of in rows.cpp), so that the bound on
    // what waits is one on the disk. The priority decides who gives way where the store is full.
    R"sql(
ALTER TABLE outbox ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
UPDATE outbox SET size = CASE WHEN length(CAST(record AS BLOB)) + 40 <= 1000
  THEN 1000 / (1000 / (length(CAST(record AS BLOB)) + 40))
  ELSE 1024 * ((length(CAST(record AS BLOB)) + 40 + 999) / 1000) END;
UPDATE progress SET
  waiting_bytes = (SELECT coalesce(sum(size), 0) FROM outbox WHERE state = 0),
  dead_bytes = (SELECT coalesce(sum(size), 0) FROM outbox WHERE state = 1);
)sql",
}};

Result<void> migrate(Database& database, int from) {
  for (std::size_t i = static_cast<std::size_t>(from); i < kMigrations.size(); ++i) {
    const std::string script =
        fmt::format("BEGIN IMMEDIATE;{}PRAGMA application_id={};PRAGMA user_version={};COMMIT;",
                    kMigrations[i], kApplicationId, i + 1);
    if (auto done = database.execute(script.c_str()); !done) {
      if (database.in_transaction()) (void)database.execute("ROLLBACK");
      return done.error().within(fmt::format("bringing the state to version {}", i + 1));
    }
  }
  return {};
}

}  // namespace

int schema_version() {
  return static_cast<int>(kMigrations.size());
}

Result<void> recognise(Database& database) {
  const auto version = database.number("PRAGMA user_version");
  if (!version) return version.error();
  const auto owner = database.number("PRAGMA application_id");
  if (!owner) return owner.error();
  const auto tables = database.number("SELECT count(*) FROM sqlite_schema");
  if (!tables) return tables.error();
  if (*tables > 0 && *owner != kApplicationId) {
    return Error(ErrorKind::unsupported, "sundial.db is the database of another program");
  }
  if (*version > schema_version()) {
    return Error(
        ErrorKind::unsupported,
        fmt::format("sundial.db was written by a later version of Sundial (schema {}, this one knows {}): "
                    "install that version again, or restore a backup of before",
                    *version, schema_version()));
  }
  return {};
}

Result<void> prepare_schema(Database& database) {
  const auto version = database.number("PRAGMA user_version");
  if (!version) return version.error();
  return migrate(database, static_cast<int>(*version));
}

}  // namespace sundial::sqlite
