// What only the store on SQLite has: locks, rights, versions, damage, kills, backups and bounds.
#include "agent/adapters/sqlite/sqlite_store.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "tests/agent/adapters/sqlite/place.hpp"

namespace sundial {
namespace {

StoreBatch records(std::uint64_t first, std::uint64_t last) {
  StoreBatch batch;
  for (std::uint64_t number = first; number <= last; ++number) batch.records.push_back(a_record(number));
  batch.state.push_back({"rule/overheat", "dev-1", std::to_string(last)});
  batch.journal = JournalPosition{last * 100};
  return batch;
}

void execute(const std::string& file, const char* sql) {
  auto database = sqlite::Database::open(file, sqlite::Database::Access::read_write);
  ASSERT_TRUE(database);
  const auto done = database->execute(sql);
  ASSERT_TRUE(done) << done.error().message();
}

unsigned rights(const std::string& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 0777U;
}

TEST(SqliteStore, IsForItsOwnerAlone) {
  SqlitePlace place;
  auto store = place.open();
  ASSERT_TRUE(store->commit(records(1, 3)));
  EXPECT_EQ(rights(place.directory), 0700U);
  for (const char* name : {"/sundial.db", "/sundial.db-wal", "/sundial.db-shm", "/sundial.lock"}) {
    EXPECT_EQ(rights(place.directory + name), 0600U) << name;
  }
}

TEST(SqliteStore, RefusesASecondAgentAndNamesTheFirst) {
  SqlitePlace place;
  const auto store = place.open();
  const auto second = place.try_open();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind(), ErrorKind::conflict);
  EXPECT_NE(second.error().message().find("pid " + std::to_string(::getpid())), std::string::npos);
}

TEST(SqliteStore, RefusesALaterVersionInOneLine) {
  SqlitePlace place;
  place.open().reset();
  execute(place.database(), "PRAGMA user_version = 99");
  const auto store = place.try_open();
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().kind(), ErrorKind::unsupported);
  EXPECT_NE(store.error().message().find("schema 99"), std::string::npos);
  EXPECT_EQ(store.error().message().find('\n'), std::string::npos);
}

TEST(SqliteStore, RefusesTheDatabaseOfAnotherProgram) {
  SqlitePlace place;
  execute(place.database(), "CREATE TABLE theirs(a)");
  EXPECT_EQ(place.try_open().error().kind(), ErrorKind::unsupported);
}

TEST(SqliteStore, CommitsAllOrNothing) {
  SqlitePlace place;
  auto store = place.open();
  ASSERT_TRUE(store->commit(records(1, 3)));
  StoreBatch bad = records(4, 6);
  bad.records.push_back(a_record(2));  // a number that is there
  EXPECT_FALSE(store->commit(bad));
  EXPECT_EQ(store->size().waiting, 3U);
  EXPECT_EQ(store->load()->journal.offset, 300U);
  EXPECT_FALSE(*store->record(4));
  EXPECT_TRUE(store->commit(records(4, 6)));
}

TEST(SqliteStore, GivesRoomBackAndBoundsItsLog) {
  SqlitePlace place;
  auto store = place.open();
  std::uint64_t log_bytes = 0;
  for (std::uint64_t number = 1; number < 6'000; number += 500) {
    ASSERT_TRUE(store->commit(records(number, number + 499)));
    log_bytes = std::max<std::uint64_t>(log_bytes, std::filesystem::file_size(place.database() + "-wal"));
  }
  const std::uint64_t full = store->size().file_bytes;
  EXPECT_GT(full, 1'500'000U);
  EXPECT_LT(log_bytes, 4'000'000U);
  for (std::uint64_t number = 1; number < 6'000; number += 500) {
    StoreBatch batch;
    for (std::uint64_t i = 0; i < 500; ++i)
      batch.updates.push_back(an_update(number + i, RecordUpdate::Kind::remove));
    ASSERT_TRUE(store->commit(batch));
  }
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(store->commit({}));
  EXPECT_EQ(store->size().waiting, 0U);
  EXPECT_LT(store->size().file_bytes, full * 3 / 4);
  EXPECT_GT(store->size().written_bytes, 0U);
}

TEST(SqliteStore, BoundsTheLedgerByCountAndAge) {
  SqlitePlace place;
  auto store = place.open({.directory = {}, .max_dead_bytes = 1000, .max_ledger_entries = 1000});
  const auto note = [&store](Instant at, int count) {
    StoreBatch batch;
    model::LedgerEntry entry;
    entry.at = at;
    entry.id = "a";
    batch.ledger.assign(static_cast<std::size_t>(count), entry);
    ASSERT_TRUE(store->commit(batch));
  };
  const auto entries = [&store] {
    LedgerQuery query;
    query.limit = 100'000;
    return store->ledger(query)->size();
  };
  note(Instant{}, 3000);
  EXPECT_EQ(entries(), 1000U);
  note(Instant{} + std::chrono::hours{24 * 31}, 300);
  EXPECT_EQ(entries(), 300U);
}

// A rule that suppresses a thousand messages a minute takes no schedule's line of last month away, and a
// schedule of every second none of another's.
TEST(SqliteStore, KeepsTheLinesOfEachScheduleBesideThoseOfRules) {
  SqlitePlace place;
  auto store = place.open({.directory = {},
                           .max_ledger_entries = 1000,
                           .max_entries_of_schedule = 100,
                           .max_entries_of_schedules = 400});
  const auto note = [&store](model::OriginKind origin, const std::string& id, int count) {
    StoreBatch batch;
    model::LedgerEntry entry;
    entry.origin = origin;
    entry.id = id;
    entry.what = "fired";
    batch.ledger.assign(static_cast<std::size_t>(count), entry);
    ASSERT_TRUE(store->commit(batch));
  };
  const auto lines = [&store](model::OriginKind origin, const std::string& id) {
    LedgerQuery query;
    query.origin = origin;
    query.id = id;
    query.what = {"fired", "missed"};
    query.limit = 100'000;
    return store->ledger(query)->size();
  };
  using enum model::OriginKind;
  note(schedule, "hourly", 50);
  note(schedule, "dense", 3000);
  note(rule, "noisy", 3000);
  EXPECT_EQ(lines(schedule, "hourly"), 50U);
  EXPECT_EQ(lines(schedule, "dense"), 100U);
  EXPECT_EQ(lines(rule, "noisy"), 1000U);
  for (int i = 0; i < 10; ++i) note(schedule, "another" + std::to_string(i), 60);
  EXPECT_LE(lines(schedule, ""), 400U + 256U);
  LedgerQuery none;
  none.what = {"missed"};
  EXPECT_EQ(store->ledger(none)->size(), 0U);
}

TEST(SqliteStore, MakesACopyWhileItRuns) {
  SqlitePlace place;
  SqlitePlace other;
  auto store = place.open();
  ASSERT_TRUE(store->commit(records(1, 100)));
  ASSERT_TRUE(store->backup(other.database()));
  ASSERT_TRUE(store->commit(records(101, 200)));
  EXPECT_EQ(rights(other.database()), 0600U);
  EXPECT_FALSE(std::filesystem::exists(other.database() + "-wal"));
  EXPECT_FALSE(store->backup(other.directory + "/no/such/place.db"));
  auto copy = other.open();
  EXPECT_EQ(copy->size().waiting, 100U);
  EXPECT_EQ(copy->load()->journal.offset, 10'000U);
}

TEST(SqliteStore, NeverSendsARecordWhoseBitsHaveChanged) {
  SqlitePlace place;
  auto store = place.open();
  ASSERT_TRUE(store->commit(records(1, 3)));
  execute(place.database(),
          "UPDATE outbox SET record = replace(record, 'Overheat', 'Overheaf') WHERE number = 2");
  execute(place.database(), "UPDATE state SET bytes = 'x'");
  const auto found = *store->records(RecordState::waiting, 0, 10);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[1].record.number, 3U);
  EXPECT_EQ(store->record(2).error().kind(), ErrorKind::corrupt);
  EXPECT_TRUE(store->load()->state.empty());
  EXPECT_TRUE(place.sink.heard("store.damaged"));
}

// A child commits and says how far it came; it is killed at a random moment, and all that it said is there.
TEST(SqliteStore, KeepsWhatWasCommittedBeforeAKill) {
  SqlitePlace place;
  place.open().reset();
  for (int round = 0; round < 10; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      auto opened = place.try_open();
      if (!opened) ::_exit(1);
      for (std::uint64_t number = (*opened)->load()->next_number;; number += 5) {
        if (!(*opened)->commit(records(number, number + 4))) ::_exit(2);
        const std::uint64_t last = number + 4;
        if (::write(ends[1], &last, sizeof last) != sizeof last) ::_exit(3);
      }
    }
    ::close(ends[1]);
    std::uint64_t last = 0;
    // It goes on while we look, so that each kill meets another part of a commit.
    for (int commits = 0; commits <= round; ++commits) {
      ASSERT_EQ(::read(ends[0], &last, sizeof last), static_cast<ssize_t>(sizeof last));
    }
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    ::waitpid(child, nullptr, 0);
    while (::read(ends[0], &last, sizeof last) == static_cast<ssize_t>(sizeof last)) {
    }
    ::close(ends[0]);
    auto store = place.open();
    const StoreLoad load = *store->load();
    EXPECT_GE(load.next_number, last + 1);
    EXPECT_EQ(load.journal.offset, (load.next_number - 1) * 100) << "a commit is whole";
    EXPECT_EQ(store->size().waiting, load.next_number - 1);
    EXPECT_EQ(load.state.at(0).bytes, std::to_string(load.next_number - 1));
  }
  EXPECT_FALSE(place.sink.heard("store.set_aside"));
}

}  // namespace
}  // namespace sundial
