// Several addresses: which is tried, on moments of our own.
#include "agent/adapters/temporal/breakers.hpp"

#include <gtest/gtest.h>

namespace sundial::temporal {
namespace {

using Outcome = Breakers::Outcome;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Order = std::vector<std::size_t>;

const Breakers::Time kStart{std::chrono::hours{1}};

TEST(Breakers, TakeTheFirstAsLongAsItAnswers) {
  Breakers breakers(3);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(breakers.order(kStart), (Order{0, 1, 2}));
    EXPECT_TRUE(breakers.begin(0, kStart));
    breakers.note(0, Outcome::answered, kStart);
  }
}

TEST(Breakers, LeaveAloneWhoCanNotBeReachedAndLetOneCallTryIt) {
  Breakers breakers(2);
  ASSERT_TRUE(breakers.begin(0, kStart));
  breakers.note(0, Outcome::unreachable, kStart);
  EXPECT_EQ(breakers.order(kStart), (Order{1, 0}));
  EXPECT_FALSE(breakers.begin(0, kStart)) << "open";
  const auto later = kStart + seconds{1};
  EXPECT_EQ(breakers.order(later), (Order{0, 1}));
  EXPECT_TRUE(breakers.begin(0, later)) << "half open: one call tries";
  EXPECT_FALSE(breakers.begin(0, later)) << "the others do not wait for it";
  EXPECT_EQ(breakers.order(later), (Order{1, 0}));
  EXPECT_TRUE(breakers.begin(1, later)) << "each address has its own";
  breakers.note(0, Outcome::answered, later);
  EXPECT_EQ(breakers.order(later), (Order{0, 1}));
  EXPECT_TRUE(breakers.begin(0, later));
  EXPECT_TRUE(breakers.begin(0, later)) << "closed again";
}

TEST(Breakers, TryAgainAtLeastEveryTenSeconds) {
  Breakers breakers(2);
  auto now = kStart;
  auto tried = kStart;
  int tries = 0;
  milliseconds longest{0};
  for (; now < kStart + std::chrono::minutes{10}; now += milliseconds{100}) {
    if (breakers.order(now).front() != 0 || !breakers.begin(0, now)) continue;
    longest = std::max(longest, std::chrono::duration_cast<milliseconds>(now - tried));
    tried = now;
    ++tries;
    breakers.note(0, Outcome::unreachable, now);
  }
  EXPECT_LE(longest, seconds{10} + milliseconds{100});
  EXPECT_GE(tries, 60);
  EXPECT_LE(tries, 80);
}

TEST(Breakers, OpenForAServerInTroubleAfterSeveralInARow) {
  Breakers breakers(2);
  for (int i = 0; i < 4; ++i) breakers.note(0, Outcome::failing, kStart);
  EXPECT_EQ(breakers.order(kStart), (Order{0, 1}));
  breakers.note(0, Outcome::answered, kStart);
  for (int i = 0; i < 4; ++i) breakers.note(0, Outcome::failing, kStart);
  EXPECT_EQ(breakers.order(kStart), (Order{0, 1})) << "an answer between counts";
  breakers.note(0, Outcome::failing, kStart);
  EXPECT_EQ(breakers.order(kStart), (Order{1, 0}));
  const auto later = kStart + seconds{1};
  ASSERT_TRUE(breakers.begin(0, later));
  breakers.note(0, Outcome::failing, later);
  EXPECT_FALSE(breakers.begin(0, later + milliseconds{900})) << "a probe that fails opens it for longer";
}

}  // namespace
}  // namespace sundial::temporal
