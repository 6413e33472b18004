// A store in memory that keeps every promise of the port but the one of the disk, and fails when told to.
#pragma once

#include <map>
#include <mutex>
#include <set>

#include "agent/ports/store.hpp"

namespace sundial::testing_support {

class MemoryStore final : public Store {
 public:
  explicit MemoryStore(std::uint64_t max_dead_bytes = 64 * 1024 * 1024 / 10)
      : max_dead_bytes_(max_dead_bytes) {}

  Result<StoreLoad> load() override;
  Result<void> commit(const StoreBatch& batch) override;
  Result<std::vector<StoredRecord>> records(RecordState state, std::uint64_t after,
                                            std::size_t limit) override;
  Result<std::vector<StoredRecord>> least_urgent(std::size_t limit) override;
  Result<std::optional<StoredRecord>> record(std::uint64_t number) override;
  Result<std::vector<NumberedLedgerEntry>> ledger(const LedgerQuery& query) override;
  StoreSize size() override;
  Result<void> backup(const std::string& file) override;

  // The next `times` commits change nothing and answer with this error.
  void fail_commits(int times, Error error);
  int commits() const { return commits_; }

 private:
  void weigh(const StoredRecord& stored, int sign);
  void update(const RecordUpdate& update);
  static void change(StoredRecord& stored, const RecordUpdate& update);
  void drop_oldest_dead();

  mutable std::mutex mutex_;
  std::uint64_t max_dead_bytes_;
  std::map<std::uint64_t, StoredRecord> records_;
  std::map<std::pair<std::string, std::string>, std::string> state_;
  std::map<std::string, std::string> facts_;
  std::vector<NumberedLedgerEntry> ledger_;
  JournalPosition journal_;
  std::uint64_t next_number_ = 1;
  StoreSize size_;
  std::uint64_t next_entry_ = 1;
  int commits_ = 0;
  int failures_ = 0;
  std::optional<Error> failure_;
};

}  // namespace sundial::testing_support
