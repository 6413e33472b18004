// Maps behind the store's port.
#include "tests/support/memory_store.hpp"

#include <algorithm>

#include "platform/json/json.hpp"

namespace sundial::testing_support {
namespace {

std::uint64_t bytes_of(const StoredRecord& stored) {
  return json::write(stored.record.action).size() + 100;
}

}  // namespace

Result<StoreLoad> MemoryStore::load() {
  const std::lock_guard lock(mutex_);
  StoreLoad load;
  for (const auto& [owner_and_key, bytes] : state_) {
    load.state.push_back({owner_and_key.first, owner_and_key.second, bytes});
  }
  load.facts.assign(facts_.begin(), facts_.end());
  load.journal = journal_;
  load.next_number = next_number_;
  return load;
}

Result<void> MemoryStore::commit(const StoreBatch& batch) {
  const std::lock_guard lock(mutex_);
  if (failures_ > 0) {
    --failures_;
    return *failure_;
  }
  ++commits_;
  for (const model::OutboxRecord& record : batch.records) {
    StoredRecord& stored = records_[record.number];
    stored.record = record;
    weigh(stored, 1);
    next_number_ = std::max(next_number_, record.number + 1);
  }
  for (const RecordUpdate& change : batch.updates) update(change);
  for (const model::StateChange& change : batch.state) {
    if (change.bytes) {
      state_[{change.owner, change.key}] = *change.bytes;
    } else {
      state_.erase({change.owner, change.key});
    }
  }
  for (const auto& [name, value] : batch.facts) {
    if (value) {
      facts_[name] = *value;
    } else {
      facts_.erase(name);
    }
  }
  for (const LedgerCorrection& correction : batch.corrections) {
    for (NumberedLedgerEntry& line : ledger_) {
      if (line.number > correction.after) line.entry.at += correction.by;
    }
  }
  for (const model::LedgerEntry& entry : batch.ledger) ledger_.push_back({next_entry_++, entry});
  if (batch.journal) journal_ = *batch.journal;
  drop_oldest_dead();
  return {};
}

// Counted as it changes: a simulation asks often.
void MemoryStore::weigh(const StoredRecord& stored, int sign) {
  const auto one = static_cast<std::uint64_t>(sign);
  const bool dead = stored.state == RecordState::dead;
  (dead ? size_.dead : size_.waiting) += one;
  (dead ? size_.dead_bytes : size_.waiting_bytes) += one * bytes_of(stored);
}

void MemoryStore::update(const RecordUpdate& update) {
  const auto found = records_.find(update.number);
  if (found == records_.end()) return;
  StoredRecord& stored = found->second;
  weigh(stored, -1);
  change(stored, update);
  if (update.kind == RecordUpdate::Kind::remove) {
    records_.erase(found);
  } else {
    weigh(stored, 1);
  }
}

void MemoryStore::change(StoredRecord& stored, const RecordUpdate& update) {
  switch (update.kind) {
    case RecordUpdate::Kind::remove:
      return;
    case RecordUpdate::Kind::remember:
      stored.memory = update.memory;
      return;
    case RecordUpdate::Kind::bury:
      stored.state = RecordState::dead;
      stored.reason = update.reason;
      return;
    case RecordUpdate::Kind::revive:
      stored.state = RecordState::waiting;
      stored.reason.clear();
      stored.memory = {};
      return;
    case RecordUpdate::Kind::replace:
      if (update.action) stored.record.action = *update.action;
      return;
  }
}

void MemoryStore::drop_oldest_dead() {
  for (auto entry = records_.begin(); entry != records_.end() && size_.dead_bytes > max_dead_bytes_;) {
    if (entry->second.state != RecordState::dead) {
      ++entry;
      continue;
    }
    weigh(entry->second, -1);
    entry = records_.erase(entry);
    ++size_.dead_dropped;
  }
}

Result<std::vector<StoredRecord>> MemoryStore::records(RecordState state, std::uint64_t after,
                                                       std::size_t limit) {
  const std::lock_guard lock(mutex_);
  std::vector<StoredRecord> found;
  for (auto entry = records_.upper_bound(after); entry != records_.end() && found.size() < limit; ++entry) {
    if (entry->second.state == state) found.push_back(entry->second);
  }
  return found;
}

Result<std::vector<StoredRecord>> MemoryStore::least_urgent(std::size_t limit) {
  const std::lock_guard lock(mutex_);
  std::vector<StoredRecord> found;
  for (const auto& [number, stored] : records_) {
    if (stored.state == RecordState::waiting) found.push_back(stored);
  }
  std::stable_sort(found.begin(), found.end(), [](const StoredRecord& left, const StoredRecord& right) {
    return left.record.priority > right.record.priority;
  });
  if (found.size() > limit) found.resize(limit);
  return found;
}

Result<std::optional<StoredRecord>> MemoryStore::record(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  const auto found = records_.find(number);
  if (found == records_.end()) return std::optional<StoredRecord>();
  return std::optional(found->second);
}

Result<std::vector<NumberedLedgerEntry>> MemoryStore::ledger(const LedgerQuery& query) {
  const std::lock_guard lock(mutex_);
  std::vector<NumberedLedgerEntry> found;
  for (auto entry = ledger_.rbegin(); entry != ledger_.rend() && found.size() < query.limit; ++entry) {
    const model::LedgerEntry& line = entry->entry;
    const bool wanted =
        (query.before == 0 || entry->number < query.before) && (!query.until || line.at <= *query.until) &&
        (!query.origin || line.origin == *query.origin) && (query.id.empty() || line.id == query.id) &&
        (query.what.empty() ||
         std::find(query.what.begin(), query.what.end(), line.what) != query.what.end()) &&
        (!query.key || line.key == *query.key);
    if (wanted) found.push_back(*entry);
  }
  return found;
}

StoreSize MemoryStore::size() {
  const std::lock_guard lock(mutex_);
  return size_;
}

Result<void> MemoryStore::backup(const std::string&) {
  return Error(ErrorKind::unsupported, "there is no file to copy");
}

void MemoryStore::fail_commits(int times, Error error) {
  const std::lock_guard lock(mutex_);
  failures_ = times;
  failure_ = std::move(error);
}

}  // namespace sundial::testing_support
