// What every store promises, checked on SQLite and on the one in memory that other tests use.
#include <gtest/gtest.h>

#include <filesystem>

#include "agent/adapters/sqlite/sqlite_store.hpp"
#include "platform/fake/log_sink.hpp"
#include "platform/linux/disk.hpp"
#include "tests/agent/adapters/sqlite/place.hpp"
#include "tests/support/memory_store.hpp"

namespace sundial {
namespace {

struct OnSqlite {
  OnSqlite() { reopen(); }
  void reopen() {
    store.reset();
    store = place.open({.directory = {}, .max_dead_bytes = 2000});
  }
  Store& get() { return *store; }
  SqlitePlace place;
  std::unique_ptr<SqliteStore> store;
};

struct InMemory {
  void reopen() {}
  Store& get() { return store; }
  testing_support::MemoryStore store{2000};
};

template <typename Place>
class StoreContract : public testing::Test {
 protected:
  Store& store() { return place.get(); }
  void commit(const StoreBatch& batch) {
    const auto done = store().commit(batch);
    ASSERT_TRUE(done) << done.error().message();
  }
  void put(std::uint64_t first, std::uint64_t last) {
    StoreBatch batch;
    for (std::uint64_t number = first; number <= last; ++number) batch.records.push_back(a_record(number));
    commit(batch);
  }
  std::vector<std::uint64_t> numbers(RecordState state, std::uint64_t after = 0, std::size_t limit = 100) {
    const auto listed = store().records(state, after, limit);
    std::vector<std::uint64_t> found;
    for (const StoredRecord& stored : *listed) found.push_back(stored.record.number);
    return found;
  }
  Place place;
};

using Numbers = std::vector<std::uint64_t>;
using Places = testing::Types<OnSqlite, InMemory>;
TYPED_TEST_SUITE(StoreContract, Places);

TYPED_TEST(StoreContract, BeginsEmpty) {
  const StoreLoad load = *this->store().load();
  EXPECT_TRUE(load.state.empty());
  EXPECT_TRUE(load.facts.empty());
  EXPECT_EQ(load.journal.offset, 0U);
  EXPECT_EQ(load.next_number, 1U);
  EXPECT_EQ(this->store().size().waiting, 0U);
}

TYPED_TEST(StoreContract, GivesBackARecordExactly) {
  StoreBatch batch;
  batch.records.push_back(a_full_record(7));
  this->commit(batch);
  this->place.reopen();
  const auto stored = *this->store().record(7);
  ASSERT_TRUE(stored);
  const model::OutboxRecord expected = a_full_record(7);
  const model::OutboxRecord& record = stored->record;
  EXPECT_EQ(record.number, 7U);
  EXPECT_EQ(record.kind, expected.kind);
  EXPECT_TRUE(record.action == expected.action);
  EXPECT_EQ(record.lane, expected.lane);
  EXPECT_EQ(record.request_id, expected.request_id);
  EXPECT_EQ(record.id_left_out, expected.id_left_out);
  EXPECT_EQ(record.id_names_event, expected.id_names_event);
  EXPECT_EQ(record.paced, expected.paced);
  EXPECT_EQ(record.origin.kind, expected.origin.kind);
  EXPECT_EQ(record.origin.id, expected.origin.id);
  EXPECT_EQ(record.origin.key, expected.origin.key);
  EXPECT_EQ(record.origin.event, expected.origin.event);
  EXPECT_EQ(record.decided.wall, expected.decided.wall);
  EXPECT_EQ(record.decided.elapsed, expected.decided.elapsed);
  EXPECT_EQ(record.expires, expected.expires);
  EXPECT_EQ(record.priority, expected.priority);
  ASSERT_TRUE(record.result_to);
  EXPECT_TRUE(*record.result_to == *expected.result_to);
  EXPECT_EQ(stored->state, RecordState::waiting);
  EXPECT_FALSE(*this->store().record(8));
}

TYPED_TEST(StoreContract, ListsRecordsAscendingFromANumber) {
  this->put(1, 10);
  EXPECT_EQ(this->numbers(RecordState::waiting, 0, 3), (Numbers{1, 2, 3}));
  EXPECT_EQ(this->numbers(RecordState::waiting, 3, 3), (Numbers{4, 5, 6}));
  EXPECT_EQ(this->numbers(RecordState::waiting, 9), (Numbers{10}));
  EXPECT_TRUE(this->numbers(RecordState::waiting, 10).empty());
  EXPECT_EQ(this->store().size().waiting, 10U);
  EXPECT_GT(this->store().size().waiting_bytes, 0U);
}

TYPED_TEST(StoreContract, FindsTheWaitingRecordsOfALane) {
  StoreBatch batch;
  for (std::uint64_t number = 1; number <= 9; ++number) {
    batch.records.push_back(a_record(number));
    batch.records.back().lane = number % 3 == 0 ? "line" : "other";
  }
  batch.updates.push_back(an_update(3, RecordUpdate::Kind::bury));
  this->commit(batch);
  const auto listed = this->store().lane_records("line", 0, 10);
  ASSERT_EQ(listed->size(), 2U);
  EXPECT_EQ((*listed)[0].record.number, 6U);
  EXPECT_EQ(this->store().lane_records("line", 6, 10)->size(), 1U);
  EXPECT_EQ(this->store().lane_records("line", 0, 1)->size(), 1U);
  EXPECT_TRUE(this->store().lane_records("none", 0, 10)->empty());
}

TYPED_TEST(StoreContract, FindsTheLeastUrgentOldestFirst) {
  StoreBatch batch;
  for (std::uint64_t number = 1; number <= 6; ++number) {
    batch.records.push_back(a_record(number));
    batch.records.back().priority = number % 2 == 0 ? 5 : static_cast<int>(number % 3);
  }
  batch.updates.push_back(an_update(2, RecordUpdate::Kind::bury));
  this->commit(batch);
  const auto found = this->store().least_urgent(4);
  ASSERT_TRUE(found);
  Numbers numbers;
  for (const StoredRecord& stored : *found) numbers.push_back(stored.record.number);
  EXPECT_EQ(numbers, (Numbers{4, 6, 5, 1}));
}

TYPED_TEST(StoreContract, NeverGivesANumberTwice) {
  this->put(1, 3);
  StoreBatch batch;
  for (std::uint64_t number = 1; number <= 3; ++number)
    batch.updates.push_back(an_update(number, RecordUpdate::Kind::remove));
  this->commit(batch);
  this->place.reopen();
  EXPECT_EQ(this->store().load()->next_number, 4U);
  EXPECT_EQ(this->store().size().waiting, 0U);
  EXPECT_EQ(this->store().size().waiting_bytes, 0U);
}

TYPED_TEST(StoreContract, RemembersTries) {
  this->put(1, 1);
  RecordUpdate update = an_update(1, RecordUpdate::Kind::remember);
  update.memory = {.tries = 3,
                   .outcome_unknown = true,
                   .first_try = Instant{Millis{5}},
                   .first_run_id = "run",
                   .renamed_id = "other",
                   .attempt = 2};
  StoreBatch batch;
  batch.updates.push_back(update);
  this->commit(batch);
  this->place.reopen();
  const DeliveryMemory memory = (**this->store().record(1)).memory;
  EXPECT_EQ(memory.tries, 3);
  EXPECT_TRUE(memory.outcome_unknown);
  EXPECT_EQ(memory.first_try, Instant{Millis{5}});
  EXPECT_EQ(memory.first_run_id, "run");
  EXPECT_EQ(memory.renamed_id, "other");
  EXPECT_EQ(memory.attempt, 2);
}

TYPED_TEST(StoreContract, BuriesEditsAndRevives) {
  this->put(1, 3);
  RecordUpdate bury = an_update(2, RecordUpdate::Kind::bury);
  bury.reason = "refused";
  StoreBatch batch;
  batch.updates.push_back(bury);
  this->commit(batch);
  EXPECT_EQ(this->numbers(RecordState::waiting), (Numbers{1, 3}));
  EXPECT_EQ(this->numbers(RecordState::dead), (Numbers{2}));
  EXPECT_EQ((**this->store().record(2)).reason, "refused");
  EXPECT_EQ(this->store().size().dead, 1U);
  EXPECT_EQ(this->store().size().waiting, 2U);

  RecordUpdate replace = an_update(2, RecordUpdate::Kind::replace);
  replace.action = Map{};
  replace.action->set("workflow", "Edited");
  StoreBatch edit;
  edit.updates = {replace, an_update(2, RecordUpdate::Kind::revive)};
  this->commit(edit);
  this->place.reopen();
  EXPECT_EQ(this->numbers(RecordState::waiting), (Numbers{1, 2, 3}));
  const StoredRecord stored = **this->store().record(2);
  EXPECT_EQ(*stored.record.action.find("workflow")->text(), "Edited");
  EXPECT_EQ(stored.record.request_id, a_record(2).request_id);
  EXPECT_EQ(stored.reason, "");
  EXPECT_EQ(this->store().size().dead, 0U);
}

TYPED_TEST(StoreContract, IgnoresUpdatesOfRecordsThatAreGone) {
  StoreBatch batch;
  for (const auto kind :
       {RecordUpdate::Kind::remove, RecordUpdate::Kind::bury, RecordUpdate::Kind::remember}) {
    batch.updates.push_back(an_update(99, kind));
  }
  this->commit(batch);
  EXPECT_EQ(this->store().size().dead, 0U);
}

TYPED_TEST(StoreContract, KeepsTheYoungestDeadLettersWithinTheirBound) {
  StoreBatch batch;
  for (std::uint64_t number = 1; number <= 20; ++number) {
    batch.records.push_back(a_record(number));
    batch.updates.push_back(an_update(number, RecordUpdate::Kind::bury));
  }
  this->commit(batch);
  const StoreSize size = this->store().size();
  EXPECT_LE(size.dead_bytes, 2000U);
  EXPECT_GT(size.dead, 0U);
  EXPECT_EQ(size.dead + size.dead_dropped, 20U);
  EXPECT_EQ(this->numbers(RecordState::dead).back(), 20U);
}

TYPED_TEST(StoreContract, KeepsStateFactsAndTheJournalsPosition) {
  StoreBatch batch;
  const std::string bytes("\0\xff binary", 9);
  batch.state = {{"rule/a", "k1", bytes}, {"rule/a", "k2", "x"}, {"rule/b", "k1", ""}};
  batch.facts = {{"counter", "12"}, {"gone", "soon"}};
  batch.journal = JournalPosition{4711};
  this->commit(batch);
  StoreBatch second;
  second.state = {{"rule/a", "k2", std::nullopt}, {"rule/a", "k1", bytes + "more"}};
  second.facts = {{"gone", std::nullopt}};
  this->commit(second);
  this->place.reopen();
  const StoreLoad load = *this->store().load();
  ASSERT_EQ(load.state.size(), 2U);
  EXPECT_EQ(load.state[0].bytes, bytes + "more");
  EXPECT_EQ(load.state[1].owner, "rule/b");
  EXPECT_EQ(load.state[1].bytes, "");
  ASSERT_EQ(load.facts.size(), 1U);
  EXPECT_EQ(load.facts[0].second, "12");
  EXPECT_EQ(load.journal.offset, 4711U);
}

TYPED_TEST(StoreContract, MovesLinesThatAWrongClockStamped) {
  const auto line = [](Millis at) {
    model::LedgerEntry entry;
    entry.at = Instant{at};
    entry.id = "hourly";
    return entry;
  };
  StoreBatch batch;
  batch.ledger = {line(Millis{100}), line(Millis{7})};
  this->commit(batch);
  StoreBatch next;
  next.corrections = {{1, Millis{1000}}, {1, Millis{-200}}};
  next.ledger = {line(Millis{5000})};
  this->commit(next);
  this->place.reopen();
  const auto listed = this->store().ledger({});
  ASSERT_TRUE(listed);
  ASSERT_EQ(listed->size(), 3U);
  EXPECT_EQ((*listed)[0].entry.at, Instant{Millis{5000}});
  EXPECT_EQ((*listed)[1].entry.at, Instant{Millis{807}});
  EXPECT_EQ((*listed)[2].entry.at, Instant{Millis{100}});
}

TYPED_TEST(StoreContract, TellsTheLedgerNewestFirst) {
  StoreBatch batch;
  for (int i = 1; i <= 10; ++i) {
    model::LedgerEntry entry;
    entry.at = Instant{Millis{i * 1000}};
    entry.origin = i % 2 == 0 ? model::OriginKind::schedule : model::OriginKind::rule;
    entry.id = i % 2 == 0 ? "hourly" : "hot";
    entry.key = std::to_string(i % 3);
    entry.what = "fired";
    entry.detail = "number " + std::to_string(i);
    batch.ledger.push_back(entry);
  }
  this->commit(batch);
  this->place.reopen();
  const auto details = [this](const LedgerQuery& query) {
    const auto listed = this->store().ledger(query);
    std::string text;
    for (const NumberedLedgerEntry& found : *listed) text += found.entry.detail.substr(7) + " ";
    return text;
  };
  LedgerQuery query;
  EXPECT_EQ(details(query), "10 9 8 7 6 5 4 3 2 1 ");
  query.limit = 2;
  EXPECT_EQ(details(query), "10 9 ");
  query.before = (*this->store().ledger(query)).back().number;
  EXPECT_EQ(details(query), "8 7 ");
  query = {};
  query.origin = model::OriginKind::schedule;
  query.id = "hourly";
  EXPECT_EQ(details(query), "10 8 6 4 2 ");
  query.key = "1";
  EXPECT_EQ(details(query), "10 4 ");
  query.until = Instant{Millis{4000}};
  EXPECT_EQ(details(query), "4 ");
}

}  // namespace
}  // namespace sundial
