// The delivery policy on moments of our own: order, priority, pacing, merging, failures, the backlog.
#include "agent/core/outbox/policy.hpp"

#include <gtest/gtest.h>

#include "platform/json/json.hpp"

namespace sundial::outbox {
namespace {

using model::DeliveryAnswer;
using model::DeliveryOutcome;
using model::RecordUpdate;

Elapsed at(Millis millis) {
  return Elapsed{std::chrono::hours(1)} + millis;
}

model::OutboxRecord record(std::uint64_t number, const std::string& lane,
                           model::ActionKind kind = model::ActionKind::signal) {
  model::OutboxRecord record;
  record.number = number;
  record.kind = kind;
  record.lane = lane;
  record.request_id = "request-" + std::to_string(number);
  record.decided = {Instant{Millis(number)}, at(Millis(0))};
  record.action.set("id", lane);
  record.action.set("name", "add");
  record.action.set("args", List{Value(static_cast<std::int64_t>(number))});
  return record;
}

DeliveryAnswer answer(DeliveryOutcome outcome) {
  DeliveryAnswer answer;
  answer.outcome = outcome;
  answer.reason = "because";
  return answer;
}

class PolicyTest : public testing::Test {
 protected:
  std::vector<std::uint64_t> send_all(Elapsed now) {
    std::vector<std::uint64_t> sent;
    while (auto step = policy_.next(now)) {
      if (!step->job) {
        policy_.kept(step->number, now);
        continue;
      }
      sent.push_back(step->number);
      jobs_.push_back(std::move(*step->job));
    }
    return sent;
  }

  Verdict answer_first(const DeliveryAnswer& answer, Elapsed now) {
    Job job = std::move(jobs_.front());
    jobs_.erase(jobs_.begin());
    return policy_.answered(std::move(job), answer, now);
  }

  // Sends and answers until nothing goes any more.
  std::vector<std::uint64_t> pass_all(Elapsed now) {
    std::vector<std::uint64_t> passed;
    for (auto sent = send_all(now); !sent.empty(); sent = send_all(now)) {
      while (!jobs_.empty()) {
        passed.push_back(jobs_.front().entry.record.number);
        answer_first(answer(DeliveryOutcome::done), now);
      }
    }
    return passed;
  }

  Limits limits_;
  Policy policy_{limits_};
  std::vector<Job> jobs_;
};

TEST_F(PolicyTest, OneOfALaneAtATimeOthersBeside) {
  policy_.added(record(1, "a"), at(Millis(0)));
  policy_.added(record(2, "a"), at(Millis(0)));
  policy_.added(record(3, "b"), at(Millis(0)));
  EXPECT_EQ(send_all(at(Millis(0))), (std::vector<std::uint64_t>{1}));
  answer_first(answer(DeliveryOutcome::done), at(Millis(1)));
  EXPECT_EQ(send_all(at(Millis(1))), (std::vector<std::uint64_t>{2, 3}));
}

TEST_F(PolicyTest, PriorityOrdersLanesOnly) {
  auto late = record(1, "a");
  late.priority = 5;
  policy_.added(late, at(Millis(0)));
  policy_.added(record(2, "a"), at(Millis(0)));
  policy_.added(record(3, "b"), at(Millis(0)));
  EXPECT_EQ(pass_all(at(Millis(0))), (std::vector<std::uint64_t>{3, 1, 2}));
}

TEST_F(PolicyTest, EndsAreTold) {
  policy_.added(record(1, "a"), at(Millis(0)));
  policy_.added(record(2, "b"), at(Millis(0)));
  send_all(at(Millis(0)));
  const Verdict done = answer_first(answer(DeliveryOutcome::already_running), at(Millis(0)));
  EXPECT_EQ(done.updates.at(0).kind, RecordUpdate::Kind::remove);
  EXPECT_EQ(done.finished->end, End::already_running);
  send_all(at(Millis(0)));
  const Verdict dead = answer_first(answer(DeliveryOutcome::dead), at(Millis(0)));
  EXPECT_EQ(dead.updates.at(0).kind, RecordUpdate::Kind::bury);
  EXPECT_EQ(dead.updates.at(0).reason, "because");
  EXPECT_EQ(policy_.held(), 0u);
}

TEST_F(PolicyTest, AnUnreachableAddressIsTriedByOneAtMostEveryTenSeconds) {
  for (std::uint64_t i = 1; i <= 100; ++i)
    policy_.added(record(i, "lane" + std::to_string(i)), at(Millis(0)));
  DeliveryAnswer gone = answer(DeliveryOutcome::retry);
  gone.unreachable = true;
  Elapsed now = at(Millis(0));
  int tries = 0;
  Millis longest{0};
  while (now < at(std::chrono::minutes(10))) {
    const auto sent = send_all(now);
    ASSERT_LE(sent.size(), 1u);
    tries += static_cast<int>(sent.size());
    if (!sent.empty()) answer_first(gone, now);
    const auto wake = policy_.wake();
    ASSERT_TRUE(wake);
    longest = std::max(longest, *wake - now);
    now = std::max(*wake, now + Millis(1));
  }
  EXPECT_LE(longest, kLongestWait);
  EXPECT_GE(tries, 60);
  EXPECT_LE(tries, 1000);
  EXPECT_TRUE(policy_.link(Target::temporal).closed());
  EXPECT_EQ(pass_all(now + kLongestWait).size(), 100u);
}

TEST_F(PolicyTest, AHoldLosesNothingAndOthersAreTried) {
  policy_.added(record(1, "a"), at(Millis(0)));
  policy_.added(record(2, "b"), at(Millis(0)));
  send_all(at(Millis(0)));
  const Verdict held = answer_first(answer(DeliveryOutcome::hold), at(Millis(0)));
  EXPECT_FALSE(held.finished);
  EXPECT_TRUE(policy_.link(Target::temporal).held());
  EXPECT_EQ(policy_.link(Target::temporal).problem(), "because");
  EXPECT_EQ(pass_all(at(std::chrono::seconds(20))).size(), 2u);
}

// Answers all tries like this for ten minutes; returns the moments of the tries.
std::vector<Elapsed> tries_of(const DeliveryAnswer& given, int lanes) {
  Policy policy{Limits{}};
  for (int i = 1; i <= lanes; ++i) {
    policy.added(record(static_cast<std::uint64_t>(i), "lane" + std::to_string(i)), at(Millis(0)));
  }
  std::vector<Elapsed> tries;
  Elapsed now = at(Millis(0));
  while (now < at(std::chrono::minutes(10))) {
    while (auto step = policy.next(now)) {
      tries.push_back(now);
      EXPECT_FALSE(policy.answered(std::move(*step->job), given, now).finished);
    }
    const auto wake = policy.wake();
    EXPECT_TRUE(wake);
    if (!wake) break;
    now = std::max(*wake, now + Millis(1));
  }
  return tries;
}

Millis longest_pause(const std::vector<Elapsed>& tries) {
  Millis longest{0};
  for (std::size_t i = 1; i < tries.size(); ++i) longest = std::max(longest, tries[i] - tries[i - 1]);
  return longest;
}

TEST_F(PolicyTest, NoPauseExceedsTenSecondsWhileTheAddressAnswers) {
  for (const auto outcome : {DeliveryOutcome::retry, DeliveryOutcome::hold}) {
    for (const int lanes : {1, 3, 50}) {
      const auto tries = tries_of(answer(outcome), lanes);
      EXPECT_LE(longest_pause(tries), Millis(10'000)) << lanes;
      EXPECT_GE(tries.size(), 60U) << lanes;
      EXPECT_LE(tries.size(), 6'000U) << "under ten tries a second while it fails";
    }
  }
}

TEST_F(PolicyTest, AServerThatNamesItsOwnPauseIsLeftAloneSoLong) {
  DeliveryAnswer busy = answer(DeliveryOutcome::retry);
  busy.retry_after = std::chrono::seconds(7);
  const auto tries = tries_of(busy, 1);
  ASSERT_GE(tries.size(), 15U);
  for (std::size_t i = 1; i < tries.size(); ++i) EXPECT_GE(tries[i] - tries[i - 1], Millis(7'000));
  busy.retry_after = std::chrono::hours(24);
  for (const auto outcome : {DeliveryOutcome::retry, DeliveryOutcome::hold}) {
    busy.outcome = outcome;
    EXPECT_LE(longest_pause(tries_of(busy, 3)), Millis(10'000)) << "while it answers it is asked again";
  }
}

TEST_F(PolicyTest, AfterAReloadWhatWaitsIsTriedAtOnce) {
  policy_.added(record(1, "a"), at(Millis(0)));
  policy_.added(record(2, "b"), at(Millis(0)));
  Elapsed now = at(Millis(0));
  for (int i = 0; i < 20; ++i) {
    send_all(now);
    while (!jobs_.empty()) answer_first(answer(DeliveryOutcome::hold), now);
    now = *policy_.wake();
  }
  send_all(now);
  answer_first(answer(DeliveryOutcome::hold), now);
  EXPECT_TRUE(send_all(now).empty());
  policy_.try_now(Target::temporal, now);
  EXPECT_EQ(pass_all(now).size(), 2u);
}

TEST_F(PolicyTest, OtherLimitsHoldForWhatWaitsAlready) {
  for (std::uint64_t i = 1; i <= 50; ++i) {
    auto paced = record(i, "a");
    paced.paced = true;
    policy_.added(paced, at(Millis(0)));
  }
  EXPECT_EQ(pass_all(at(Millis(0))).size(), 5u);
  limits_.signals_per_second = 0;
  policy_.set_limits(limits_, at(Millis(1)));
  EXPECT_EQ(pass_all(at(Millis(1))).size(), 45u);
  policy_.added(record(60, "b"), at(Millis(1)));
  limits_.max_age = std::chrono::seconds(1);
  policy_.set_limits(limits_, at(Millis(5000)));
  EXPECT_EQ(policy_.expire(at(Millis(5000))).size(), 1u);
}

TEST_F(PolicyTest, OnlyARecordThatFailsAloneIsPoison) {
  policy_.added(record(1, "poison"), at(Millis(0)));
  DeliveryAnswer broken = answer(DeliveryOutcome::retry);
  broken.poison_suspect = true;
  std::uint64_t number = 2;
  bool dead = false;
  Elapsed now = at(Millis(0));
  for (; now < at(std::chrono::hours(3)) && !dead; now += std::chrono::minutes(1)) {
    // For the first two hours nobody else passes.
    if (now > at(std::chrono::hours(2))) policy_.added(record(number++, "other"), now);
    for (auto sent = send_all(now); !sent.empty(); sent = send_all(now)) {
      while (!jobs_.empty()) {
        const bool poison = jobs_.front().entry.record.number == 1;
        const Verdict verdict = answer_first(poison ? broken : answer(DeliveryOutcome::done), now);
        dead = dead || (poison && verdict.finished);
        if (poison && !verdict.finished) break;
      }
      if (!jobs_.empty()) break;
    }
  }
  EXPECT_TRUE(dead);
  EXPECT_GT(now, at(std::chrono::hours(2) + std::chrono::minutes(15)));
}

TEST_F(PolicyTest, PacedSignalsTakeABucketOfASecond) {
  for (std::uint64_t i = 1; i <= 12; ++i) {
    auto paced = record(i, "a");
    paced.paced = true;
    policy_.added(paced, at(Millis(0)));
  }
  EXPECT_EQ(pass_all(at(Millis(0))).size(), 5u);
  EXPECT_EQ(pass_all(at(Millis(199))).size(), 0u);
  EXPECT_EQ(pass_all(at(Millis(200))).size(), 1u);
  EXPECT_EQ(pass_all(at(Millis(1200))).size(), 5u);
  auto direct = record(13, "a");
  direct.origin.kind = model::OriginKind::http;
  policy_.added(direct, at(Millis(1200)));
  EXPECT_EQ(pass_all(at(Millis(1200))), (std::vector<std::uint64_t>{13})) << "passes the paced one";
}

TEST_F(PolicyTest, MergesWhatWaitsSideBySide) {
  for (std::uint64_t i = 1; i <= 3; ++i) {
    auto merged = record(i, "a");
    merged.action.set("merge", "list");
    policy_.added(merged, at(Millis(0)));
  }
  policy_.added(record(4, "a"), at(Millis(0)));
  auto step = policy_.next(at(Millis(0)));
  ASSERT_TRUE(step && !step->job);
  ASSERT_EQ(step->updates.size(), 3u);
  EXPECT_EQ(step->updates[0].kind, RecordUpdate::Kind::replace);
  EXPECT_EQ(step->updates[0].number, 1u);
  EXPECT_EQ(json::write(*step->updates[0].action->find("args")), "[[1,2,3]]");
  EXPECT_EQ(step->updates[2].kind, RecordUpdate::Kind::remove);
  EXPECT_FALSE(policy_.next(at(Millis(0)))) << "not before it is written down";
  policy_.kept(1, at(Millis(1)));
  step = policy_.next(at(Millis(1)));
  ASSERT_TRUE(step && step->job);
  EXPECT_EQ(step->job->entry.record.request_id, "request-1");
  jobs_.push_back(std::move(*step->job));
  answer_first(answer(DeliveryOutcome::done), at(Millis(2)));
  EXPECT_EQ(pass_all(at(Millis(2))), (std::vector<std::uint64_t>{4}));
}

TEST_F(PolicyTest, ASingleOneIsAListToo) {
  auto merged = record(1, "a");
  merged.action.set("merge", "list");
  merged.action.set("args", List{Value("x"), Value("y")});
  policy_.added(merged, at(Millis(0)));
  const auto step = policy_.next(at(Millis(0)));
  EXPECT_EQ(json::write(*step->updates.at(0).action->find("args")), R"([[["x","y"]]])");
}

TEST_F(PolicyTest, WhatIsPreparedIsKeptFirst) {
  policy_.added(record(1, "a", model::ActionKind::cancel), at(Millis(0)));
  send_all(at(Millis(0)));
  jobs_.front().entry.memory.first_run_id = "run";
  DeliveryAnswer prepared = answer(DeliveryOutcome::retry);
  prepared.prepared = true;
  const Verdict verdict = answer_first(prepared, at(Millis(0)));
  EXPECT_TRUE(verdict.wait_until_kept);
  EXPECT_EQ(verdict.updates.at(0).memory.first_run_id, "run");
  EXPECT_TRUE(send_all(at(Millis(0))).empty());
  policy_.kept(1, at(Millis(0)));
  EXPECT_EQ(send_all(at(Millis(0))).size(), 1u);
}

TEST_F(PolicyTest, AnActivityThatIsNotStartedHoldsUpOnlyItself) {
  const auto activity = [](std::uint64_t number, const std::string& id) {
    auto made = record(number, "a", model::ActionKind::heartbeat);
    made.action.set("activity_id", id);
    return made;
  };
  policy_.added(activity(1, "x"), at(Millis(0)));
  policy_.added(activity(2, "x"), at(Millis(0)));
  policy_.added(activity(3, "y"), at(Millis(0)));
  policy_.added(record(4, "a"), at(Millis(0)));
  send_all(at(Millis(0)));
  DeliveryAnswer idle = answer(DeliveryOutcome::retry);
  idle.only_itself = true;
  answer_first(idle, at(Millis(0)));
  EXPECT_EQ(pass_all(at(Millis(0))), (std::vector<std::uint64_t>{3, 4}));
  EXPECT_EQ(pass_all(at(kLongestWait)), (std::vector<std::uint64_t>{1, 2}));
}

TEST_F(PolicyTest, AnUnknownOutcomeIsRemembered) {
  policy_.added(record(1, "a"), at(Millis(0)));
  send_all(at(Millis(0)));
  jobs_.front().entry.memory.outcome_unknown = true;
  const Verdict verdict = answer_first(answer(DeliveryOutcome::retry), at(Millis(0)));
  ASSERT_EQ(verdict.updates.size(), 1u);
  EXPECT_EQ(verdict.updates[0].kind, RecordUpdate::Kind::remember);
  send_all(at(kLongestWait));
  EXPECT_TRUE(answer_first(answer(DeliveryOutcome::retry), at(kLongestWait)).updates.empty()) << "once";
}

TEST_F(PolicyTest, WhatWaitedTooLongIsDropped) {
  auto brief = record(1, "a");
  brief.expires = std::chrono::seconds(5);
  policy_.added(brief, at(Millis(0)));
  policy_.added(record(2, "b"), at(Millis(0)));
  EXPECT_TRUE(policy_.expire(at(Millis(4999))).empty());
  const auto expired = policy_.expire(at(Millis(5000)));
  ASSERT_EQ(expired.size(), 1u);
  EXPECT_EQ(expired[0].record.number, 1u);
  EXPECT_EQ(policy_.expire(at(limits_.max_age)).size(), 1u);
  EXPECT_EQ(policy_.held(), 0u);
}

// A store of our own for the backlog.
class BacklogTest : public PolicyTest {
 protected:
  void read_all(Elapsed now) {
    while (const auto wanted = policy_.wants()) {
      std::vector<Policy::Waiting> found;
      for (const auto& [number, stored] : store_) {
        if (number <= wanted->after || (wanted->lane && stored.lane != *wanted->lane)) continue;
        if (found.size() == wanted->limit) break;
        found.push_back({stored, {}});
      }
      ++reads_;
      policy_.read(*wanted, std::move(found), now);
      ASSERT_LE(policy_.held(), limits_.window_records + limits_.lane_records);
    }
  }

  std::vector<std::uint64_t> drain(Elapsed now) {
    std::vector<std::uint64_t> order;
    for (;;) {
      read_all(now);
      const auto sent = send_all(now);
      if (sent.empty()) return order;
      while (!jobs_.empty()) {
        order.push_back(jobs_.front().entry.record.number);
        store_.erase(order.back());
        answer_first(answer(DeliveryOutcome::done), now);
      }
    }
  }

  std::map<std::uint64_t, model::OutboxRecord> store_;
  int reads_ = 0;
};

TEST_F(BacklogTest, ALargeBacklogIsReadPageByPage) {
  for (std::uint64_t i = 1; i <= 20'000; ++i)
    store_.emplace(i, record(i, "lane" + std::to_string(i % 7'000)));
  policy_.begin(store_.rbegin()->first);
  const auto order = drain(at(Millis(0)));
  EXPECT_EQ(order.size(), 20'000u);
  std::map<std::uint64_t, std::uint64_t> last;
  for (const std::uint64_t number : order) {
    ASSERT_LT(last[number % 7'000], number);
    last[number % 7'000] = number;
  }
}

TEST_F(BacklogTest, ALongLaneDoesNotKeepOthersWaiting) {
  for (std::uint64_t i = 1; i <= 10'000; ++i) store_.emplace(i, record(i, "stuck"));
  for (std::uint64_t i = 10'001; i <= 10'010; ++i) store_.emplace(i, record(i, "lane" + std::to_string(i)));
  policy_.begin(store_.rbegin()->first);
  read_all(at(Millis(0)));
  EXPECT_EQ(send_all(at(Millis(0))).size(), 1u);
  answer_first(answer(DeliveryOutcome::retry), at(Millis(0)));
  const auto passed = drain(at(Millis(1)));
  EXPECT_EQ(passed.size(), 10u);
  const auto rest = drain(at(kLongestWait));
  EXPECT_EQ(rest.size(), 10'000u);
  EXPECT_TRUE(std::is_sorted(rest.begin(), rest.end()));
}

TEST_F(BacklogTest, WhatComesMeanwhileKeepsItsPlace) {
  for (std::uint64_t i = 1; i <= 9'000; ++i) store_.emplace(i, record(i, "lane" + std::to_string(i % 100)));
  policy_.begin(store_.rbegin()->first);
  read_all(at(Millis(0)));
  auto urgent = record(9'001, "urgent");
  store_.emplace(9'001, urgent);
  policy_.added(urgent, at(Millis(0)));
  store_.emplace(9'002, record(9'002, "lane1"));
  policy_.added(record(9'002, "lane1"), at(Millis(0)));
  const auto order = drain(at(Millis(0)));
  ASSERT_EQ(order.size(), 9'002u);
  EXPECT_EQ(std::set<std::uint64_t>(order.begin(), order.end()).size(), 9'002u) << "none twice";
}

TEST_F(BacklogTest, TheUrgentPassesABacklog) {
  for (std::uint64_t i = 1; i <= 9'000; ++i) {
    auto waiting = record(i, "lane" + std::to_string(i));
    waiting.priority = 5;
    store_.emplace(i, waiting);
  }
  policy_.begin(store_.rbegin()->first);
  read_all(at(Millis(0)));
  auto urgent = record(9'001, "urgent");
  store_.emplace(9'001, urgent);
  policy_.added(urgent, at(Millis(0)));
  const auto order = drain(at(Millis(0)));
  EXPECT_EQ(order.front(), 9'001u);
  EXPECT_EQ(order.size(), 9'001u);
  EXPECT_EQ(std::set<std::uint64_t>(order.begin(), order.end()).size(), 9'001u);
}

TEST_F(BacklogTest, TheFirstOfALaneMayHaveBeenSentBefore) {
  for (std::uint64_t i = 1; i <= 4; ++i) store_.emplace(i, record(i, i < 4 ? "a" : "b"));
  policy_.begin(store_.rbegin()->first);
  read_all(at(Millis(0)));
  policy_.added(record(5, "c"), at(Millis(0)));
  std::vector<std::uint64_t> maybe;
  for (auto sent = send_all(at(Millis(0))); !sent.empty(); sent = send_all(at(Millis(0)))) {
    while (!jobs_.empty()) {
      if (jobs_.front().entry.memory.maybe_sent) maybe.push_back(jobs_.front().entry.record.number);
      answer_first(answer(DeliveryOutcome::done), at(Millis(0)));
    }
  }
  EXPECT_EQ(maybe, (std::vector<std::uint64_t>{1, 4}));
}

TEST_F(BacklogTest, ARetriedDeadLetterGoesLast) {
  policy_.added(record(5, "a"), at(Millis(0)));
  policy_.added(record(6, "a"), at(Millis(0)));
  policy_.revived(record(2, "a"), {}, at(Millis(0)));
  policy_.added(record(7, "a"), at(Millis(0)));
  EXPECT_EQ(pass_all(at(Millis(0))), (std::vector<std::uint64_t>{5, 6, 2, 7}));
}

TEST_F(PolicyTest, ADroppedRecordIsNotSent) {
  policy_.added(record(1, "a"), at(Millis(0)));
  policy_.added(record(2, "a"), at(Millis(0)));
  send_all(at(Millis(0)));
  EXPECT_FALSE(policy_.dropped(1, at(Millis(0)))) << "it is on its way";
  EXPECT_TRUE(policy_.dropped(2, at(Millis(0))));
  answer_first(answer(DeliveryOutcome::done), at(Millis(0)));
  EXPECT_TRUE(send_all(at(Millis(0))).empty());
}

// The read was under way before the store lost it.
TEST_F(PolicyTest, WhatEndedIsNotTakenInByAReadThatWasUnderWay) {
  policy_.begin(3);
  const auto page = policy_.wants();
  ASSERT_TRUE(page);
  EXPECT_TRUE(policy_.dropped(2, at(Millis(0)))) << "not held, but perhaps in the answer";
  policy_.read(*page, {{record(1, "a"), {}}, {record(2, "b"), {}}, {record(3, "c"), {}}}, at(Millis(0)));
  EXPECT_EQ(pass_all(at(Millis(0))), (std::vector<std::uint64_t>{1, 3}));

  const Policy::Read lane{"a", 0, 10, 3};
  policy_.read(lane, {{record(1, "a"), {}}}, at(Millis(0)));
  EXPECT_TRUE(send_all(at(Millis(0))).empty()) << "it had been delivered";
  policy_.removed({1, 2, 3});
  policy_.revived(record(2, "b"), {}, at(Millis(0)));
  EXPECT_EQ(send_all(at(Millis(0))), std::vector<std::uint64_t>{2}) << "its number is free again";
}

}  // namespace
}  // namespace sundial::outbox
