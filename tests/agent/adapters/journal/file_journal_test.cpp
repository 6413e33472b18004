// The journal's behaviour, run over the real disk and the one in memory; and damage of every kind.
#include "agent/adapters/journal/file_journal.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <functional>
#include <set>
#include <thread>

#include "platform/base/crc32c.hpp"
#include "platform/fake/disk.hpp"
#include "platform/fake/log_sink.hpp"
#include "platform/linux/disk.hpp"

namespace sundial {
namespace {

struct OnLinux {
  OnLinux() {
    std::string pattern = (std::filesystem::temp_directory_path() / "sundial-journal-XXXXXX").string();
    directory = ::mkdtemp(pattern.data());
  }
  ~OnLinux() { std::filesystem::remove_all(directory); }
  LinuxDisk disk;
  std::string directory;
};

struct InMemory {
  FakeDisk disk;
  std::string directory = "/state";
};

template <typename Place>
class JournalContract : public testing::Test {
 protected:
  std::unique_ptr<FileJournal> open(std::uint64_t committed = 0) {
    seen.clear();
    preambles.clear();
    options.directory = place.directory;
    ++options.salt;
    auto opened = FileJournal::open(place.disk, log, options, {committed}, [this](const JournalEntry& entry) {
      (entry.preamble ? preambles : seen).emplace_back(entry.bytes);
      ends.push_back(entry.end.offset);
    });
    EXPECT_TRUE(opened) << opened.error().message();
    return opened ? std::move(*opened) : nullptr;
  }
  std::vector<std::string> files() { return *place.disk.list(place.directory); }

  Place place;
  FakeLogSink sink;
  Log log{sink, LogSeverity::debug, [] { return Instant{}; }};
  JournalOptions options{.directory = {},
                         .sync_always = true,
                         .max_bytes = 1U << 20U,
                         .segment_bytes = 4096,
                         .salt = 1,
                         .preamble = {}};
  std::vector<std::string> seen, preambles;
  std::vector<std::uint64_t> ends;
};

using Places = testing::Types<OnLinux, InMemory>;
TYPED_TEST_SUITE(JournalContract, Places);

TYPED_TEST(JournalContract, GivesBackWhatWasAppendedInOrder) {
  auto journal = this->open();
  EXPECT_TRUE(this->files().empty()) << "nothing is written before there is something to write";
  std::vector<std::string> written;
  for (int i = 0; i < 50; ++i) {
    written.push_back(std::to_string(i) + std::string(static_cast<std::size_t>(i) * 7, 'x'));
    ASSERT_TRUE(journal->append(written.back()));
  }
  journal.reset();
  journal = this->open();
  EXPECT_EQ(this->seen, written);
  ASSERT_TRUE(journal->append("more"));
  journal.reset();
  written.emplace_back("more");
  journal = this->open();
  EXPECT_EQ(this->seen, written);
}

TYPED_TEST(JournalContract, UsesTheRoomOfWhatIsCommittedAgain) {
  auto journal = this->open();
  std::uint64_t most = 0;
  for (int i = 0; i < 500; ++i) {
    const auto end = journal->append(std::string(300, 'x'));
    ASSERT_TRUE(end);
    journal->commit(*end);
    most = std::max(most, journal->bytes());
  }
  EXPECT_LE(most, 3 * this->options.segment_bytes);
  EXPECT_LE(this->files().size(), 3U);
}

TYPED_TEST(JournalContract, IsFullAtItsBoundUntilSomethingIsCommitted) {
  this->options.max_bytes = 20'000;
  auto journal = this->open();
  Result<JournalPosition> end = JournalPosition{};
  JournalPosition last{};
  int count = 0;
  while ((end = journal->append(std::string(500, 'x')))) {
    last = *end;
    ASSERT_LT(++count, 100);
  }
  EXPECT_EQ(end.error().kind(), ErrorKind::exhausted);
  EXPECT_GT(count, 30);
  // What a start has to say goes beyond the bound.
  ASSERT_TRUE(journal->append_beyond("away"));
  EXPECT_FALSE(journal->append(std::string(500, 'x')));
  journal->commit(last);
  EXPECT_TRUE(journal->append(std::string(500, 'x')));
}

TYPED_TEST(JournalContract, TakesAnEntryThatIsLargerThanASegment) {
  auto journal = this->open();
  const std::string large(50'000, 'l');
  ASSERT_TRUE(journal->append("a"));
  ASSERT_TRUE(journal->append(large));
  ASSERT_TRUE(journal->append("b"));
  journal.reset();
  journal = this->open();
  EXPECT_EQ(this->seen, (std::vector<std::string>{"a", large, "b"}));
}

TYPED_TEST(JournalContract, PutsThePreambleAtTheHeadOfEachSegment) {
  int made = 0;
  this->options.preamble = [&made] { return "preamble " + std::to_string(++made); };
  auto journal = this->open();
  for (int i = 0; i < 12; ++i) ASSERT_TRUE(journal->append(std::string(1000, 'x')));
  journal.reset();
  journal = this->open();
  EXPECT_EQ(this->preambles.size(), 4U);
  EXPECT_EQ(this->preambles.front(), "preamble 1");
}

TYPED_TEST(JournalContract, LetsManyThreadsAppendAtOnce) {
  this->options.segment_bytes = 1U << 16U;
  auto journal = this->open();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) EXPECT_TRUE(journal->append(std::to_string(t * 1000 + i)));
    });
  }
  for (std::thread& thread : threads) thread.join();
  journal.reset();
  journal = this->open();
  EXPECT_EQ(std::set<std::string>(this->seen.begin(), this->seen.end()).size(), 200U);
  EXPECT_EQ(this->seen.size(), 200U);
}

// What nobody is told is safe stays with the process until something has to be: then it is there, in its
// place, before what came later.
TYPED_TEST(JournalContract, HoldsWhatIsAppendedLazilyUntilSomethingHasToBeSafe) {
  this->options.sync_always = false;
  using Step = std::function<bool(FileJournal&)>;
  const std::vector<std::pair<Step, std::vector<std::string>>> steps{
      {[](FileJournal&) { return true; }, {}},
      {[](FileJournal& journal) { return static_cast<bool>(journal.flush()); }, {"lazy"}},
      {[](FileJournal& journal) { return static_cast<bool>(journal.sync()); }, {"lazy"}},
      {[](FileJournal& journal) { return static_cast<bool>(journal.sync_always(true)); }, {"lazy"}},
      {[](FileJournal& journal) { return static_cast<bool>(journal.append("next")); }, {"lazy", "next"}}};
  std::vector<std::string> expected;
  for (const auto& [step, more] : steps) {
    auto journal = this->open();
    ASSERT_TRUE(journal->append_lazily("lazy"));
    EXPECT_TRUE(journal->needs_sync()) << "nothing is committed that is held";
    ASSERT_TRUE(step(*journal));
    journal.reset();
    expected.insert(expected.end(), more.begin(), more.end());
    journal = this->open();
    EXPECT_EQ(this->seen, expected);
  }
}

TYPED_TEST(JournalContract, HoldsNothingWhereEachEntryIsSynced) {
  auto journal = this->open();
  ASSERT_TRUE(journal->append_lazily("lazy"));
  EXPECT_FALSE(journal->needs_sync());
  journal.reset();
  journal = this->open();
  EXPECT_EQ(this->seen, std::vector<std::string>{"lazy"});
}

TYPED_TEST(JournalContract, KeepsTheOrderOfWhatIsHeldOverManySegments) {
  this->options.sync_always = false;
  this->options.segment_bytes = 65'536 + 4096;
  auto journal = this->open();
  std::vector<std::string> written;
  std::uint64_t last = 0;
  for (int i = 0; i < 3000; ++i) {
    written.push_back(std::to_string(i) + std::string(static_cast<std::size_t>(i % 200), 'x'));
    const auto end =
        i % 700 == 699 ? journal->append(written.back()) : journal->append_lazily(written.back());
    ASSERT_TRUE(end);
    EXPECT_GT(end->offset, last);
    last = end->offset;
  }
  EXPECT_EQ(journal->end().offset, last);
  ASSERT_TRUE(journal->flush());
  journal.reset();
  journal = this->open();
  EXPECT_EQ(this->seen, written);
}

TYPED_TEST(JournalContract, NeverGivesAPositionTwice) {
  auto journal = this->open();
  const auto end = journal->append("a");
  journal.reset();
  // The store knows of entries that this disk has lost.
  journal = this->open(end->offset + 100'000);
  EXPECT_GE(journal->end().offset, end->offset + 100'000);
  const auto later = journal->append("b");
  ASSERT_TRUE(later);
  EXPECT_GT(later->offset, end->offset + 100'000);
  journal.reset();
  journal = this->open(end->offset + 100'000);
  EXPECT_EQ(this->seen.back(), "b");
  EXPECT_FALSE(this->sink.heard("journal.damaged"));
}

// What is kept for later must not take the room that the store needs to remove what was delivered.
TEST(Journal, GivesUpItsSpareFileWhereTheDiskIsNearlyFull) {
  FakeDisk disk;
  FakeLogSink sink;
  Log log{sink, LogSeverity::debug, [] { return Instant{}; }};
  const auto open = [&] {
    JournalOptions options;
    options.directory = "/state";
    options.segment_bytes = 4096;
    options.reserve_bytes = 8192;
    return std::move(*FileJournal::open(disk, log, options, {}, [](const JournalEntry&) {}));
  };
  const auto has_spare = [&disk] {
    const auto names = *disk.list("/state");
    return std::find(names.begin(), names.end(), "journal.spare") != names.end();
  };
  const auto fill = [](FileJournal& journal) {
    for (int i = 0; i < 8; ++i) journal.commit(*journal.append(std::string(1000, 'x')));
  };
  auto journal = open();
  fill(*journal);
  EXPECT_TRUE(has_spare());
  disk.set_capacity(12'000);
  fill(*journal);
  EXPECT_FALSE(has_spare()) << "no further one is kept";
  disk.set_capacity(1'000'000);
  fill(*journal);
  ASSERT_TRUE(has_spare());
  disk.set_capacity(12'000);
  journal.reset();
  journal = open();
  EXPECT_FALSE(has_spare()) << "the one that was there is removed";
  fill(*journal);
}

class Damage : public JournalContract<InMemory> {
 protected:
  // Three segments: entries of 1000 bytes, three a segment.
  void write_three_segments() {
    auto journal = open();
    for (char c = 'a'; c < 'a' + 9; ++c) ASSERT_TRUE(journal->append(std::string(1000, c)));
    journal.reset();
    ASSERT_EQ(files().size(), 3U);
  }
  std::string letters() {
    std::string text;
    for (const std::string& entry : seen) text += entry.front();
    return text;
  }
};

TEST_F(Damage, InTheMiddleIsSaidAndReadOver) {
  write_three_segments();
  place.disk.damage("/state/" + files()[1], 1500, "garbage");
  auto journal = open();
  EXPECT_EQ(letters(), "abcdfghi");
  EXPECT_TRUE(sink.heard("journal.damaged"));
  // When all of it has had its effect, the damaged file is set aside and not used again.
  const std::string name = files()[1];
  journal->commit(journal->end());
  EXPECT_EQ(files().front(), name + ".corrupt");
}

TEST_F(Damage, OfAHeaderSetsTheFileAside) {
  write_three_segments();
  const std::string name = files()[0];
  place.disk.damage("/state/" + name, 3, "?");
  auto journal = open();
  EXPECT_EQ(letters(), "defghi");
  EXPECT_TRUE(sink.heard("journal.set_aside"));
  EXPECT_EQ(files()[0], name + ".corrupt");
}

TEST_F(Damage, AtTheVeryEndIsATornWriteAndNothingElse) {
  write_three_segments();
  place.disk.damage("/state/" + files()[2], 32 + 2 * 1024 + 100, "torn");
  auto journal = open();
  EXPECT_EQ(letters(), "abcdefgh");
  EXPECT_FALSE(sink.heard("journal.damaged"));
  ASSERT_TRUE(journal->append("new"));
  journal.reset();
  journal = open();
  EXPECT_EQ(letters(), "abcdefghn");
}

TEST_F(Damage, OfAnyByteLosesAtMostOneEntry) {
  write_three_segments();
  const std::vector<std::string> names = files();
  std::vector<std::string> contents;
  for (const std::string& name : names) contents.push_back(*place.disk.read_all("/state/" + name, 1U << 20U));
  for (std::size_t at = 32; at < 4096; at += 13) {
    FakeDisk disk;
    for (std::size_t i = 0; i < names.size(); ++i) disk.damage("/state/" + names[i], 0, "");
    for (std::size_t i = 0; i < names.size(); ++i) {
      auto file = std::move(*disk.open("/state/" + names[i], Opening::create));
      ASSERT_TRUE(file->write_at(0, contents[i]));
    }
    const char flipped = static_cast<char>(contents[1][at] ^ 0x10);
    disk.damage("/state/" + names[1], at, {&flipped, 1});
    std::string text;
    options.directory = "/state";
    const auto opened = FileJournal::open(disk, log, options, {0}, [&text](const JournalEntry& entry) {
      text += entry.bytes.front();
      for (char c : entry.bytes) ASSERT_EQ(c, entry.bytes.front());
    });
    ASSERT_TRUE(opened);
    EXPECT_GE(text.size(), 8U) << at;
  }
}

TEST_F(Damage, ByZerosTruncationOrGarbageIsSurvived) {
  for (const std::string& content :
       {std::string(), std::string(10, 'x'), std::string(5000, '\0'), std::string(5000, '\xff')}) {
    FakeDisk disk;
    auto file = std::move(*disk.open("/state/journal-0000000000000000", Opening::create));
    ASSERT_TRUE(file->write_at(0, content));
    options.directory = "/state";
    auto opened = FileJournal::open(disk, log, options, {0}, [](const JournalEntry&) { FAIL(); });
    ASSERT_TRUE(opened);
    EXPECT_TRUE((*opened)->append("goes on"));
  }
}

TEST(Journal, SharesASyncBetweenThreadsAndWritesAboutWhatItIsGiven) {
  FakeDisk disk;
  FakeLogSink sink;
  Log log(sink, LogSeverity::debug, [] { return Instant{}; });
  auto journal = std::move(*FileJournal::open(disk, log,
                                              {.directory = "/s",
                                               .sync_always = false,
                                               .max_bytes = 1U << 26U,
                                               .segment_bytes = 1U << 20U,
                                               .salt = 1,
                                               .preamble = {}},
                                              {0}, [](const JournalEntry&) {}));
  ASSERT_TRUE(journal->append("first"));
  const std::uint64_t syncs = disk.syncs();
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(journal->append(std::string(120, 'x')));
  EXPECT_TRUE(journal->needs_sync());
  EXPECT_EQ(disk.syncs(), syncs);
  ASSERT_TRUE(journal->sync());
  EXPECT_EQ(disk.syncs(), syncs + 1);
  EXPECT_FALSE(journal->needs_sync());
}

TEST(Journal, IsOverWithTheFirstErrorOfTheDiskUntilItIsOpenedAgain) {
  FakeDisk disk;
  FakeLogSink sink;
  Log log(sink, LogSeverity::debug, [] { return Instant{}; });
  const JournalOptions options{
      .directory = "/s", .sync_always = false, .segment_bytes = 4096, .salt = 1, .preamble = {}};
  std::vector<std::string> seen;
  const auto open = [&] {
    seen.clear();
    return std::move(*FileJournal::open(disk, log, options, {},
                                        [&](const JournalEntry& entry) { seen.emplace_back(entry.bytes); }));
  };
  auto journal = open();
  ASSERT_TRUE(journal->append("first"));
  ASSERT_TRUE(journal->append_lazily("held"));
  disk.set_fault_plan([](std::uint64_t, FakeDisk::Operation) {
    return FakeDisk::Fault{Error(ErrorKind::unavailable, "the disk is ill"), 10};
  });
  EXPECT_FALSE(journal->flush());
  EXPECT_FALSE(journal->append("refused"));
  EXPECT_FALSE(journal->sync()) << "nothing that comes of it is committed";
  disk.set_fault_plan(nullptr);
  EXPECT_FALSE(journal->append("refused"));
  EXPECT_FALSE(journal->append_lazily("refused"));
  EXPECT_FALSE(journal->flush());
  EXPECT_FALSE(journal->sync());
  journal.reset();
  journal = open();
  ASSERT_TRUE(journal->append("last"));
  journal.reset();
  journal = open();
  EXPECT_EQ(seen, (std::vector<std::string>{"first", "last"}));
}

TEST(Crc32c, IsTheOneOfTheStandard) {
  EXPECT_EQ(crc32c("123456789"), 0xE3069283U);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAU);
  EXPECT_EQ(crc32c("6789", crc32c("12345")), 0xE3069283U);
}

}  // namespace
}  // namespace sundial
