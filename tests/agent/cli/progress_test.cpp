// What people see of long work on standard error, at times that the test gives.
#include <gtest/gtest.h>

#include <sstream>

#include "agent/cli/progress.hpp"

namespace sundial::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Progress::SteadyTime kBegin{std::chrono::hours{1}};

TEST(Progress, IsABarWithRateAndTimeLeftOnATerminal) {
  std::ostringstream err;
  Progress progress(err, true, "messages", kBegin);
  progress.show(1, 100, 10, kBegin + milliseconds{100});
  EXPECT_EQ(err.str(), "");  // too soon
  progress.show(50, 100, 500, kBegin + seconds{5});
  EXPECT_EQ(err.str(),
            "\r\x1b[K[###############               ] 500 messages, 100.0 a second, 50 %, about 5 s left");
  progress.clear();
  EXPECT_TRUE(err.str().ends_with("\r\x1b[K"));
}

TEST(Progress, IsALineEveryFewSecondsWhereItIsNone) {
  std::ostringstream err;
  Progress progress(err, false, "messages", kBegin);
  for (int tenth = 1; tenth <= 70; ++tenth) {
    progress.show(static_cast<std::uint64_t>(tenth), 100, 1, kBegin + milliseconds{100} * tenth);
  }
  progress.clear();
  EXPECT_EQ(
      err.str(),
      "1 messages, 0.3 a second, 30 %, about 7 s left\n1 messages, 0.2 a second, 60 %, about 4 s left\n");
}

TEST(Progress, TellsNoTimeWhereItKnowsNoEnd) {
  std::ostringstream err;
  Progress progress(err, true, "lines", kBegin);
  progress.show(5'000, 0, 9, kBegin + seconds{3});
  EXPECT_EQ(err.str(), "\r\x1b[K[                              ] 9 lines, 3.0 a second");
}

}  // namespace
}  // namespace sundial::cli
