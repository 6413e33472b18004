// Thousands of power cuts: what was acknowledged is there, once, in order, whatever the disk did.
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "agent/adapters/journal/file_journal.hpp"
#include "platform/fake/disk.hpp"
#include "platform/fake/log_sink.hpp"

namespace sundial {
namespace {

constexpr int kSeeds = 150;

// One life after another of an agent on one disk, and what it may expect of its journal.
class Lives {
 public:
  Lives(std::uint64_t seed, bool always) : random_(seed), always_(always) {}

  // Opens the journal and checks what it gives back; false: the disk did not let it.
  bool begin() {
    journal_.reset();
    std::vector<std::string> seen;
    if (!open(seen)) return false;
    if (!cut_) all_safe();  // the kernel still had what it was given
    cut_ = false;
    compare(seen);
    // What was read is safe from now on.
    promised_.clear();
    possible_.clear();
    for (const std::string& entry : seen) promised_.push_back({journal_->end().offset, entry});
    EXPECT_GE(journal_->end().offset, committed_);
    return true;
  }

  // As the agent does: whatever fails, it opens the journal again.
  void live(int steps) {
    for (int i = 0; i < steps; ++i) {
      if (!journal_ && !begin()) continue;
      const auto what = random_() % 10;
      if (what < 7) {
        append(std::to_string(++count_) +
               std::string(random_() % 900, static_cast<char>('a' + random_() % 26)));
      } else if (what < 9) {
        sync();
      } else {
        commit();
      }
    }
  }

  void fail_from(std::uint64_t in_operations) {
    const std::uint64_t first = disk_.operations() + in_operations;
    disk_.set_fault_plan(
        [first](std::uint64_t number, FakeDisk::Operation) -> std::optional<FakeDisk::Fault> {
          if (number < first) return std::nullopt;
          return FakeDisk::Fault{Error(ErrorKind::unavailable, "power is failing"), 0};
        });
  }

  void fail_now_and_then() {
    disk_.set_fault_plan(
        [this](std::uint64_t, FakeDisk::Operation operation) -> std::optional<FakeDisk::Fault> {
          if (random_() % 6 != 0 || operation == FakeDisk::Operation::read) return std::nullopt;
          return FakeDisk::Fault{Error(ErrorKind::unavailable, "input/output error"), random_() % 100};
        });
  }

  void power_cut() {
    journal_.reset();
    disk_.power_cut(random_());
    cut_ = true;
  }
  void kill() {
    journal_.reset();
    disk_.crash();
    disk_.set_fault_plan(nullptr);
  }
  bool perhaps() { return random_() % 2 == 0; }

 private:
  struct Promise {
    std::uint64_t end;
    std::string bytes;
  };

  bool open(std::vector<std::string>& seen) {
    std::uint64_t last = 0;
    const auto visit = [&](const JournalEntry& entry) {
      EXPECT_GT(entry.end.offset, last);
      last = entry.end.offset;
      if (entry.end.offset > committed_ && !entry.preamble) seen.emplace_back(entry.bytes);
    };
    JournalOptions options{.directory = "/state",
                           .sync_always = always_,
                           .max_bytes = 1U << 20U,
                           .segment_bytes = 4096,
                           .salt = static_cast<std::uint32_t>(random_()),
                           .preamble = {}};
    if (random_() % 2 == 0) options.preamble = [] { return "before"; };
    auto opened = FileJournal::open(disk_, log_, options, {committed_}, visit);
    if (opened) journal_ = std::move(*opened);
    return static_cast<bool>(opened);
  }

  void append(const std::string& bytes) {
    const auto end = journal_->append(bytes);
    if (!end) {
      EXPECT_FALSE(journal_->append("more")) << "it is over with the first error";
      journal_.reset();
      possible_.emplace(bytes, false);
    } else if (always_) {
      promised_.push_back({end->offset, bytes});
    } else {
      written_.push_back({end->offset, bytes});
    }
  }

  void sync() {
    if (journal_->sync()) return all_safe();
    journal_.reset();
  }

  void all_safe() {
    promised_.insert(promised_.end(), written_.begin(), written_.end());
    written_.clear();
  }

  void commit() {
    if (promised_.empty() && written_.empty()) return;
    const auto& from = promised_.empty() || (!written_.empty() && random_() % 2 == 0) ? written_ : promised_;
    committed_ = std::max(committed_, from[random_() % from.size()].end);
    journal_->commit({committed_});
    const auto done = [this](const Promise& entry) { return entry.end <= committed_; };
    std::erase_if(promised_, done);
    std::erase_if(written_, done);
  }

  // All that was promised is there in its order; beside it only what failed or was not synced, once.
  void compare(const std::vector<std::string>& seen) {
    for (const Promise& entry : written_) possible_.emplace(entry.bytes, false);
    written_.clear();
    std::size_t next = 0;
    for (const std::string& bytes : seen) {
      if (next < promised_.size() && promised_[next].bytes == bytes) {
        ++next;
        continue;
      }
      const auto found = possible_.find(bytes);
      ASSERT_TRUE(found != possible_.end())
          << "an entry that nobody wrote, or out of order: " << bytes.substr(0, 20);
      ASSERT_FALSE(found->second) << "twice: " << bytes.substr(0, 20);
      found->second = true;
    }
    ASSERT_EQ(next, promised_.size()) << "lost: " << promised_[next].bytes.substr(0, 20);
  }

  FakeDisk disk_;
  FakeLogSink sink_;
  Log log_{sink_, LogSeverity::error, [] { return Instant{}; }};
  std::mt19937_64 random_;
  bool always_;
  std::unique_ptr<FileJournal> journal_;
  std::vector<Promise> promised_;         // must be there
  std::vector<Promise> written_;          // by interval: not yet synced
  std::map<std::string, bool> possible_;  // may be there, once
  std::uint64_t committed_ = 0;
  bool cut_ = false;  // the power went since the journal was last open
  int count_ = 0;
};

void run_lives(bool always, void (*end_of_life)(Lives&, std::uint64_t)) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Lives lives(seed, always);
    for (int life = 0; life < 3; ++life) {
      ASSERT_TRUE(lives.begin());
      if (testing::Test::HasFailure()) return;
      end_of_life(lives, seed);
    }
    ASSERT_TRUE(lives.begin());
    if (testing::Test::HasFailure()) return;
  }
}

void cut_at_any_operation(Lives& lives, std::uint64_t seed) {
  lives.fail_from(1 + seed % 37);
  lives.live(20);
  lives.power_cut();
}

void cut_after_trouble(Lives& lives, std::uint64_t) {
  lives.fail_now_and_then();
  lives.live(20);
  lives.power_cut();
}

void kill_after_trouble(Lives& lives, std::uint64_t) {
  lives.fail_now_and_then();
  lives.live(20);
  lives.kill();
}

// What one process did with a failing disk is the next one's, which may not be able to open it at once.
void any_end_after_any_trouble(Lives& lives, std::uint64_t seed) {
  if (lives.perhaps()) lives.fail_now_and_then();
  lives.live(20);
  for (int process = 0; process < 2; ++process) {
    if (lives.perhaps()) {
      lives.power_cut();
    } else {
      lives.kill();
    }
    if (lives.perhaps()) lives.fail_now_and_then();
    if (!lives.begin()) continue;
    if (lives.perhaps()) lives.fail_from(1 + seed % 11);
    lives.live(5);
  }
  lives.power_cut();
}

TEST(PowerCut, AtAnyOperationLosesNothingAcknowledged) {
  run_lives(true, cut_at_any_operation);
}
TEST(PowerCut, AfterAFailingDiskLosesNothingAcknowledged) {
  run_lives(true, cut_after_trouble);
}
TEST(PowerCut, ByIntervalLosesOnlyWhatWasNotSynced) {
  run_lives(false, cut_at_any_operation);
}
TEST(PowerCut, ByIntervalAfterAFailingDisk) {
  run_lives(false, cut_after_trouble);
}
TEST(PowerCut, AfterProcessesThatDiedOfTheDisk) {
  run_lives(true, any_end_after_any_trouble);
}
TEST(PowerCut, ByIntervalAfterProcessesThatDiedOfTheDisk) {
  run_lives(false, any_end_after_any_trouble);
}
TEST(Kill, LosesNothingThatWasWritten) {
  run_lives(true, kill_after_trouble);
}
TEST(Kill, ByIntervalLosesNothingThatWasWritten) {
  run_lives(false, kill_after_trouble);
}

}  // namespace
}  // namespace sundial
