// Damaged databases: set aside, said, and never the source of a wrong effect.
#include <gtest/gtest.h>

#include <fstream>
#include <random>

#include "tests/agent/adapters/sqlite/place.hpp"

namespace sundial {
namespace {

constexpr std::uint64_t kRecords = 300;

class Damage : public testing::Test {
 protected:
  void SetUp() override {
    auto store = place.open();
    StoreBatch batch;
    for (std::uint64_t number = 1; number <= kRecords; ++number) batch.records.push_back(a_record(number));
    for (int key = 0; key < 50; ++key)
      batch.state.push_back({"rule/a", std::to_string(key), std::string(100, 'x')});
    batch.journal = JournalPosition{777};
    ASSERT_TRUE(store->commit(batch));
    store.reset();
    std::ifstream file(place.database(), std::ios::binary);
    whole.assign(std::istreambuf_iterator<char>(file), {});
    ASSERT_GT(whole.size(), 50'000U);
  }

  void write(const std::string& content) {
    for (const char* end : {"-wal", "-shm"}) std::filesystem::remove(place.database() + end);
    std::ofstream file(place.database(), std::ios::binary | std::ios::trunc);
    file.write(content.data(), static_cast<std::streamsize>(content.size()));
  }

  std::size_t set_aside() {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(place.directory)) {
      const std::string name = entry.path().filename().string();
      count += name.starts_with("sundial.db.corrupt-") && !name.ends_with("-wal") && !name.ends_with("-shm")
                   ? 1
                   : 0;
    }
    return count;
  }

  // Opens, and checks that every record that is there is exactly one that was written.
  std::uint64_t survivors() {
    const auto store = place.open();
    if (!store) return 0;
    std::uint64_t count = 0;
    const auto found = store->records(RecordState::waiting, 0, 10 * kRecords);
    if (!found) return 0;
    for (const StoredRecord& stored : *found) {
      EXPECT_TRUE(stored.record.action == a_record(stored.record.number).action);
      EXPECT_EQ(stored.record.request_id, a_record(stored.record.number).request_id);
      ++count;
    }
    const auto load = store->load();
    EXPECT_TRUE(load);
    if (load) {
      for (const model::StateChange& state : load->state) EXPECT_EQ(state.bytes, std::string(100, 'x'));
    }
    StoreBatch batch;
    batch.records.push_back(a_record(load->next_number));
    const auto done = store->commit(batch);
    EXPECT_TRUE(done) << done.error().message();
    return count;
  }

  SqlitePlace place;
  std::string whole;
};

TEST_F(Damage, AWholeFileIsJustOpened) {
  EXPECT_EQ(survivors(), kRecords);
  EXPECT_EQ(set_aside(), 0U);
}

TEST_F(Damage, ZerosAreSetAside) {
  write(std::string(whole.size(), '\0'));
  EXPECT_EQ(survivors(), 0U);
  EXPECT_EQ(set_aside(), 1U);
  EXPECT_TRUE(place.sink.heard("store.set_aside"));
}

TEST_F(Damage, GarbageIsSetAside) {
  std::mt19937 random(5);
  std::string garbage(whole.size(), '\0');
  for (char& c : garbage) c = static_cast<char>(random());
  write(garbage);
  EXPECT_EQ(survivors(), 0U);
  EXPECT_EQ(set_aside(), 1U);
}

TEST_F(Damage, ABrokenHeaderIsSetAside) {
  std::string content = whole;
  content.replace(0, 16, "SQLite for mat 9");
  write(content);
  EXPECT_EQ(survivors(), 0U);
  EXPECT_EQ(set_aside(), 1U);
}

// Inner pages of the trees may be cut off with all that hangs on them; what is left is still no wrong effect.
TEST_F(Damage, ATruncatedFileIsSetAside) {
  for (const std::size_t twentieths : {10U, 15U, 19U}) {
    write(whole.substr(0, whole.size() * twentieths / 20));
    (void)survivors();
  }
  EXPECT_EQ(set_aside(), 3U);
}

TEST_F(Damage, ASecondDamageNeverOverwritesTheFirst) {
  for (int i = 0; i < 3; ++i) {
    write(
        "no database at all, and long enough to be looked at for a header of a hundred bytes ..............");
    EXPECT_EQ(survivors(), 0U);
  }
  EXPECT_EQ(set_aside(), 3U);
}

TEST_F(Damage, AZeroedPageLosesOnlyWhatWasOnIt) {
  int saved = 0;
  for (std::size_t page = 2; page < whole.size() / 1024; page += 41) {
    std::string content = whole;
    content.replace(page * 1024, 1024, 1024, '\0');
    write(content);
    saved += survivors() > 0 ? 1 : 0;
  }
  EXPECT_GT(saved, 0);
}

TEST_F(Damage, FlippedBitsNeverChangeAnEffect) {
  std::mt19937 random(7);
  for (int round = 0; round < 10; ++round) {
    std::string content = whole;
    for (int i = 0; i < 20; ++i) {
      char& c = content[100 + random() % (content.size() - 100)];
      c = static_cast<char>(c ^ static_cast<char>(1U << random() % 8));
    }
    write(content);
    (void)survivors();
  }
}

}  // namespace
}  // namespace sundial
