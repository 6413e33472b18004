// The agent's small parts: redeliveries, message ids, the time line and the journal's entries.
#include <gtest/gtest.h>

#include <set>

#include "agent/runtime/journal_entry.hpp"
#include "agent/runtime/ledger_doubt.hpp"
#include "agent/runtime/message_id.hpp"
#include "agent/runtime/redelivery.hpp"
#include "agent/runtime/state_sizes.hpp"
#include "agent/runtime/timeline.hpp"
#include "agent/runtime/written_days.hpp"

namespace sundial::runtime {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

TEST(Redelivery, KnowsWhatWasTakenByPacketIdAndContent) {
  Redelivery redelivery(3);
  redelivery.taken(1, 11);
  EXPECT_TRUE(redelivery.was_taken(1, 11));
  EXPECT_FALSE(redelivery.was_taken(1, 12)) << "another message under a packet id that was free again";
  EXPECT_FALSE(redelivery.was_taken(2, 11)) << "marked as a duplicate, but never seen";
  redelivery.taken(1, 12);
  EXPECT_FALSE(redelivery.was_taken(1, 11)) << "the packet id was used again: the former was acknowledged";
  redelivery.taken(2, 20);
  redelivery.taken(3, 30);
  redelivery.taken(4, 40);
  EXPECT_FALSE(redelivery.was_taken(1, 12)) << "so many came since that it must have been acknowledged";
}

TEST(StateSizes, FollowMaxSizeAndNeverTheWholeOfASmallDisk) {
  constexpr std::uint64_t kMega = 1024 * 1024;
  model::StoreSettings store;
  store.max_size = 64 * kMega;
  const StateSizes usual = state_sizes(store, 256 * 1024, {1'000 * kMega, 8'000 * kMega});
  EXPECT_EQ(usual.max_size, 64 * kMega);
  EXPECT_EQ(usual.log, 2 * kMega);
  EXPECT_EQ(usual.segment, kMega);
  EXPECT_EQ(usual.ledger_entries, 50'000U);
  for (const std::uint64_t total : {4 * kMega, 6 * kMega, 32 * kMega}) {
    const StateSizes small = state_sizes(store, 256 * 1024, {total, total});
    EXPECT_LE(small.max_size, total / 2);
    EXPECT_LE(small.reserve, total / 10);
    EXPECT_LE(small.journal, total / 4);
    EXPECT_LE(small.ledger_entries * 256, total / 16);
  }
}

TEST(Redelivery, OfNothingKnowsNothing) {
  Redelivery redelivery(0);
  redelivery.taken(1, 11);
  EXPECT_FALSE(redelivery.was_taken(1, 11));
}

TEST(Redelivery, OutlivesARestart) {
  Redelivery before(10);
  before.taken(65'535, 0xFFFFFFFFFFFFFFFF);
  before.taken(1, 7);
  Redelivery after(10);
  after.read(before.write());
  EXPECT_TRUE(after.was_taken(65'535, 0xFFFFFFFFFFFFFFFF));
  EXPECT_TRUE(after.was_taken(1, 7));
  after.forget();
  EXPECT_FALSE(after.was_taken(1, 7));
}

TEST(MessageIds, AreUniqueAndInTheOrderOfTime) {
  MessageIds ids(1);
  std::set<std::string> seen;
  const Instant noon{hours{12}};
  for (int count = 0; count < 10'000; ++count) seen.insert(ids.next(noon));
  EXPECT_EQ(seen.size(), 10'000U);
  EXPECT_LT(ids.next(noon), ids.next(noon + Millis{1}));
}

TEST(Timeline, CountsTheTimeAwayByTheMachineWithinABoot) {
  const LastMoment last{{Instant{hours{100}}, Elapsed{hours{5}}}, hours{2}, "boot"};
  // The wall clock is wrong by years; within a boot nobody asks it.
  const Present present{{Instant{hours{9}}, Elapsed{hours{1}}}, hours{3}, "boot", true};
  const Timeline timeline = Timeline::begin(last, present);
  EXPECT_EQ(timeline.told(present.moment).elapsed, Elapsed{hours{6}});
  EXPECT_EQ(timeline.machine(Elapsed{hours{6}}), present.moment.elapsed);
}

TEST(Timeline, CountsTheTimeAwayByTheClockOverABootWhereItIsTrusted) {
  const LastMoment last{{Instant{hours{100}}, Elapsed{hours{5}}}, hours{2}, "one"};
  Present present{{Instant{hours{107}}, Elapsed{seconds{10}}}, seconds{10}, "two", true};
  EXPECT_EQ(Timeline::begin(last, present).told(present.moment).elapsed, Elapsed{hours{12}});
  present.clock_trusted = false;
  EXPECT_EQ(Timeline::begin(last, present).told(present.moment).elapsed, Elapsed{hours{5}});
  present.clock_trusted = true;
  present.moment.wall = Instant{hours{3}};
  EXPECT_EQ(Timeline::begin(last, present).told(present.moment).elapsed, Elapsed{hours{5}});
}

TEST(Timeline, TakesTwoBootsWithoutAnIdForTwo) {
  const LastMoment last{{Instant{hours{100}}, Elapsed{hours{5}}}, hours{2}, ""};
  const Present present{{Instant{hours{107}}, Elapsed{seconds{10}}}, hours{3}, "", true};
  EXPECT_EQ(Timeline::begin(last, present).told(present.moment).elapsed, Elapsed{hours{12}});
}

TEST(Timeline, IsReadAsItWasWritten) {
  const LastMoment last{{Instant{Millis{1'700'000'000'123}}, Elapsed{Millis{-5}}}, Millis{42}, "a-b-c"};
  const auto read = read_moment(write_moment(last));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->moment.wall, last.moment.wall);
  EXPECT_EQ(read->moment.elapsed, last.moment.elapsed);
  EXPECT_EQ(read->since_boot, last.since_boot);
  EXPECT_EQ(read->boot_id, last.boot_id);
  EXPECT_FALSE(read_moment(""));
  EXPECT_FALSE(read_moment("1 2 x boot"));
}

std::string again(const JournalRecord& record) {
  const std::string bytes = write_record(record);
  const auto read = read_record(bytes);
  EXPECT_TRUE(read);
  return read ? write_record(*read) : std::string();
}

Instant on(const char* day) {
  return *parse_rfc3339(std::string(day) + "T12:00:00Z");
}

TEST(WrittenDays, AreKeptOverAStartAndTellAMean) {
  WrittenDays days;
  days.count(on("2026-11-20"), 100);
  days.count(on("2026-11-20"), 300);
  EXPECT_EQ(days.today(on("2026-11-20"), 350), 350U);
  EXPECT_FALSE(days.mean_day(on("2026-11-20")));
  WrittenDays next;  // of the next process, which has written nothing yet
  next.read(days.write());
  EXPECT_EQ(next.today(on("2026-11-20"), 7), 307U);
  next.count(on("2026-11-22"), 20);
  EXPECT_EQ(next.mean_day(on("2026-11-22")), 150U);  // nothing was written on the 21st
  EXPECT_EQ(next.today(on("2026-11-23"), 21), 1U);
  EXPECT_EQ(next.write(), "2026-11-22 20 2026-11-20 300");
}

TEST(WrittenDays, AWrongClockAndGarbageLeaveNothingBehind) {
  WrittenDays days;
  days.count(on("1970-01-01"), 5);
  days.count(on("2026-11-20"), 10);
  EXPECT_EQ(days.write(), "2026-11-20 5");
  EXPECT_FALSE(days.mean_day(on("2026-11-20")));
  days.read("2026-11-19 8 garbage 5");
  EXPECT_EQ(days.mean_day(on("2026-11-20")), 8U);
  EXPECT_FALSE(days.mean_day(on("2027-11-20")));
}

TEST(JournalEntry, EveryKindIsReadAsItWasWritten) {
  model::Message message;
  message.id = "id";
  message.topic = "a/b";
  message.payload = std::string("\0{}", 3);
  message.qos = 1;
  message.retained = true;
  message.subscription_ids = {1, 300};
  message.time = Instant{hours{1}};
  message.properties.correlation_data = "x";
  message.properties.user = {{"k", "v"}, {"k", "w"}};
  model::ScheduleCommand command;
  command.verb = model::ScheduleCommand::Verb::backfill;
  command.id = "nightly";
  command.overlap = model::Overlap::allow_all;
  command.start = Instant{hours{1}};
  const std::vector<Entry> entries{
      model::Input(message),
      model::Input(model::Absence{true}),
      model::Input(model::Absence{false, true}),
      model::Input(model::ClockStep{Instant{hours{3}}}),
      model::Input(model::ClockTrust{true}),
      model::Input(command),
      model::Input(model::RunEnded{"s", "w", true, Instant{hours{2}}}),
      model::Input(model::TemporalLink{false}),
      model::Input(model::ResetKeys{"r", "k"}),
      model::Input(model::StoreFull{true}),
      Reloaded{"{}"},
  };
  for (const Entry& entry : entries) {
    const JournalRecord record{{Instant{Millis{5}}, Elapsed{Millis{6}}}, entry, 7, 8};
    EXPECT_EQ(again(record), write_record(record));
  }
  const auto read =
      read_record(write_record({{Instant{Millis{5}}, Elapsed{Millis{6}}}, entries.front(), 7, 8}));
  ASSERT_TRUE(read);
  const auto& back = std::get<model::Message>(std::get<model::Input>(read->what));
  EXPECT_EQ(back.payload, message.payload);
  EXPECT_EQ(back.properties.user, message.properties.user);
  EXPECT_EQ(read->packet_id, 7);
  JournalRecord noted{{Instant{Millis{5}}, Elapsed{Millis{6}}}, entries.back(), 7, 8};
  noted.note = Note{"answer/1", std::string("\0{}", 3)};
  const auto with_note = read_record(write_record(noted));
  ASSERT_TRUE(with_note && with_note->note);
  EXPECT_EQ(with_note->note->name, "answer/1");
  EXPECT_EQ(with_note->note->value, noted.note->value);
  EXPECT_EQ(std::get<Reloaded>(with_note->what).configuration, "{}");
}

TEST(JournalEntry, NoBytesLeadItAstray) {
  model::Message message;
  message.topic = "a/b";
  message.properties.user = {{"k", "v"}};
  const std::string bytes = write_record({{}, model::Input(message), 7, 8});
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_FALSE(read_record(std::string_view(bytes).substr(0, length))) << length;
  }
  JournalRecord noted{{}, model::Input(message), 7, 8};
  noted.note = Note{"answer/1", "{}"};
  const std::string longer = write_record(noted);
  for (std::size_t length = 0; length < longer.size(); ++length) {
    EXPECT_FALSE(read_record(std::string_view(longer).substr(0, length))) << length;
  }
  EXPECT_FALSE(read_record("\x09\x01"));
  EXPECT_FALSE(read_record("\x01\x63"));
}

TEST(LedgerDoubt, MovesWhatWasStampedBeforeTheClockWasRightAndNothingElse) {
  const auto line = [](Millis at) {
    model::LedgerEntry entry;
    entry.at = Instant{at};
    return entry;
  };
  LedgerDoubt doubt(10, "", true);
  std::vector<model::LedgerEntry> pending{line(Millis{900'000})};
  doubt.take(model::ClockTrust{false}, {}, pending);
  pending.push_back(line(Millis{5}));
  StoreBatch batch;
  batch.ledger = pending;  // numbers 11 and 12
  doubt.fill(batch);
  EXPECT_EQ(batch.facts.back().second, "11");
  pending = {line(Millis{8})};

  // The process ends meanwhile, and another goes on.
  doubt = LedgerDoubt(12, "11", false);
  doubt.take(model::ClockStep{Instant{Millis{10}}}, {Instant{Millis{1'000'010}}, {}}, pending);
  EXPECT_EQ(pending.front().at, Instant{Millis{1'000'008}});
  doubt.take(model::ClockTrust{true}, {}, pending);
  doubt.take(model::ClockStep{Instant{Millis{20}}}, {Instant{Millis{30}}, {}}, pending);
  EXPECT_EQ(pending.front().at, Instant{Millis{1'000'008}}) << "a step of a clock that was trusted";
  batch = {};
  doubt.fill(batch);
  ASSERT_EQ(batch.corrections.size(), 1U);
  EXPECT_EQ(batch.corrections.front().after, 11U);
  EXPECT_EQ(batch.corrections.front().by, Millis{1'000'000});
  EXPECT_EQ(batch.facts.back().second, std::nullopt);
}

TEST(LedgerDoubt, TheFirstStartOfAllBeginsInDoubt) {
  LedgerDoubt doubt(0, "", false);
  std::vector<model::LedgerEntry> pending(1);
  doubt.take(model::ClockStep{Instant{}}, {Instant{Millis{50}}, {}}, pending);
  EXPECT_EQ(pending.front().at, Instant{Millis{50}});
}

}  // namespace
}  // namespace sundial::runtime
