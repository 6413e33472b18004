// What the agent keeps on disk, in our own words.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/core/model/effects.hpp"
#include "agent/ports/workflow_service.hpp"
#include "platform/base/result.hpp"

namespace sundial {

// A place in the input journal: everything before it has had its effects committed.
struct JournalPosition {
  std::uint64_t offset = 0;
};

enum class RecordState { waiting, dead };

struct StoredRecord {
  model::OutboxRecord record;
  DeliveryMemory memory;
  RecordState state = RecordState::waiting;
  std::string reason;  // dead: why
};

using model::RecordUpdate;

// The clock that stamped the ledger's lines after this one was wrong by so much.
struct LedgerCorrection {
  std::uint64_t after = 0;
  Millis by{};
};

// Everything that is written in one transaction.
struct StoreBatch {
  std::vector<model::OutboxRecord> records;  // their numbers are already given
  std::vector<RecordUpdate> updates;
  std::vector<model::StateChange> state;
  std::vector<LedgerCorrection> corrections;  // of lines that are in the store already
  std::vector<model::LedgerEntry> ledger;
  std::vector<std::pair<std::string, std::optional<std::string>>>
      facts;  // small named values: counters, last moment
  std::optional<JournalPosition> journal;
};

struct StoreLoad {
  std::vector<model::StateChange> state;
  std::vector<std::pair<std::string, std::string>> facts;
  JournalPosition journal;
  std::uint64_t next_number = 1;
};

struct StoreSize {
  std::uint64_t waiting = 0;        // records
  std::uint64_t waiting_bytes = 0;  // the room that they take on the disk
  std::uint64_t dead = 0;
  std::uint64_t dead_bytes = 0;
  std::uint64_t dead_dropped = 0;   // since the start: dead letters that had to make room
  std::uint64_t file_bytes = 0;     // database and write-ahead log
  std::uint64_t log_bytes = 0;      // the write-ahead log alone
  std::uint64_t free_bytes = 0;     // of the database: room within the file that is used again first
  std::uint64_t written_bytes = 0;  // since the start
};

struct LedgerQuery {
  std::optional<model::OriginKind> origin;
  std::string id;
  std::optional<std::string> key;
  std::vector<std::string> what;  // one of these; empty: any
  std::optional<Instant> until;
  std::uint64_t before = 0;  // page: entries with a smaller number only; 0: from the newest
  std::size_t limit = 100;
};

struct NumberedLedgerEntry {
  std::uint64_t number = 0;
  model::LedgerEntry entry;
};

// From any thread, one call at a time; size() and backup() may meet a call of another thread.
class Store {
 public:
  virtual ~Store() = default;
  virtual Result<StoreLoad> load() = 0;
  // All of it or nothing; durable when it returns.
  virtual Result<void> commit(const StoreBatch& batch) = 0;
  // Waiting or dead records with a number above `after`, ascending.
  virtual Result<std::vector<StoredRecord>> records(RecordState state, std::uint64_t after,
                                                    std::size_t limit) = 0;
  // The waiting ones of one lane. A store that has no index for it looks through all.
  virtual Result<std::vector<StoredRecord>> lane_records(const std::string& lane, std::uint64_t after,
                                                         std::size_t limit) {
    std::vector<StoredRecord> found;
    for (;;) {
      auto page = records(RecordState::waiting, after, 1000);
      if (!page || page->empty()) return page ? Result(std::move(found)) : page;
      after = page->back().record.number;
      for (StoredRecord& stored : *page) {
        if (stored.record.lane != lane) continue;
        found.push_back(std::move(stored));
        if (found.size() == limit) return found;
      }
    }
  }
  // Waiting ones with the greatest priority number first, the oldest of them first.
  virtual Result<std::vector<StoredRecord>> least_urgent(std::size_t limit) = 0;
  virtual Result<std::optional<StoredRecord>> record(std::uint64_t number) = 0;
  // Newest first.
  virtual Result<std::vector<NumberedLedgerEntry>> ledger(const LedgerQuery& query) = 0;
  virtual StoreSize size() = 0;
  virtual Result<void> backup(const std::string& file) = 0;
};

}  // namespace sundial
