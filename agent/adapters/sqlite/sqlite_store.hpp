// The store on SQLite: one file, one transaction a commit, synced before it returns.
#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "agent/adapters/sqlite/database.hpp"
#include "agent/ports/store.hpp"
#include "platform/base/log.hpp"
#include "platform/file.hpp"

namespace sundial {

struct SqliteOptions {
  std::string directory;
  std::uint64_t max_dead_bytes = 64 * 1024 * 1024 / 10;  // the oldest dead letters leave beyond it
  std::uint64_t max_log_bytes = 2 * 1024 * 1024;         // of the write-ahead log
  // Entries of rules and calls, which a busy hour fills; those of schedules are kept beside them, so many
  // of one and so many of all.
  std::uint64_t max_ledger_entries = 50'000;
  std::uint64_t max_entries_of_schedule = 5'000;
  std::uint64_t max_entries_of_schedules = 50'000;
  Millis max_ledger_age = std::chrono::hours{24 * 30};
  Instant now{};  // names the file that a damaged database is set aside as
};

class SqliteStore final : public Store {
 public:
  // Takes the state's lock, checks the database, brings it to this version, and where it is damaged
  // sets it aside and goes on with what can be read of it.
  static Result<std::unique_ptr<SqliteStore>> open(Disk& disk, Log& log, SqliteOptions options);
  ~SqliteStore() override;

  Result<StoreLoad> load() override;
  Result<void> commit(const StoreBatch& batch) override;
  Result<std::vector<StoredRecord>> records(RecordState state, std::uint64_t after,
                                            std::size_t limit) override;
  Result<std::vector<StoredRecord>> lane_records(const std::string& lane, std::uint64_t after,
                                                 std::size_t limit) override;
  Result<std::vector<StoredRecord>> least_urgent(std::size_t limit) override;
  Result<std::optional<StoredRecord>> record(std::uint64_t number) override;
  Result<std::vector<NumberedLedgerEntry>> ledger(const LedgerQuery& query) override;
  StoreSize size() override;
  Result<void> backup(const std::string& file) override;

 private:
  struct Statements {
    sqlite::Statement insert_record, select_row, delete_row, set_memory, bury, revive, replace;
    sqlite::Statement waiting, of_lane, least_urgent, dead, oldest_dead, one;
    sqlite::Statement put_state, erase_state, put_fact, erase_fact, put_ledger, set_progress;
  };
  // What is counted without looking at each record.
  struct Totals {
    std::uint64_t journal = 0;
    std::uint64_t next_number = 1;
    std::uint64_t waiting = 0, waiting_bytes = 0;
    std::uint64_t dead = 0, dead_bytes = 0;
  };
  struct Row {
    bool dead = false;
    std::uint64_t size = 0;
  };

  SqliteStore(Log& log, SqliteOptions options, std::unique_ptr<FileLock> lock, sqlite::Database database);

  Result<void> prepare();
  Result<void> read_totals();
  Result<void> apply(const StoreBatch& batch);
  Result<void> insert(const model::OutboxRecord& record);
  Result<void> update(const RecordUpdate& update);
  Result<void> replace(const RecordUpdate& update, std::string* kept);
  Result<void> change_state(const model::StateChange& change);
  Result<void> change_fact(const std::string& name, const std::optional<std::string>& value);
  Result<void> note(const model::LedgerEntry& entry);
  Result<void> correct(const LedgerCorrection& correction);
  Result<void> drop_oldest_dead();
  Result<void> save_totals();
  void tidy();
  void prune_ledger();
  Result<void> prune_schedules();
  void checkpoint();
  Result<std::optional<Row>> row(std::uint64_t number);
  Result<StoredRecord> read(const sqlite::Statement& statement);
  Result<std::vector<StoredRecord>> read_all(sqlite::Statement& statement);
  void count(Row row, int sign);

  static int after_commit(void* self, sqlite3* connection, const char* name, int pages);

  std::string path() const { return options_.directory + "/sundial.db"; }

  Log& log_;
  const SqliteOptions options_;
  std::unique_ptr<FileLock> lock_;
  mutable std::mutex mutex_;
  sqlite::Database database_;
  Statements statements_;
  Totals totals_;
  std::uint64_t dead_dropped_ = 0;
  std::uint64_t written_bytes_ = 0;
  int wal_pages_ = 0;
  std::uint64_t ledger_since_pruning_ = 0;
  std::set<std::string> schedules_since_pruning_;
  Instant newest_ledger_{};
};

// A consistent copy of the state in `directory`, by a connection of its own: an agent that runs on it
// goes on committing meanwhile. `progress` hears now and then how many of how many pages are copied.
using BackupProgress = std::function<void(std::uint64_t done, std::uint64_t all)>;
Result<void> back_up_state(const std::string& directory, const std::string& file,
                           const BackupProgress& progress = {});

}  // namespace sundial
