// What is refused when rules are compiled, all in one go and each at its place.
#include <gtest/gtest.h>

#include "tests/agent/core/engine/desk.hpp"

namespace sundial::engine {
namespace {

constexpr const char* kSignal = "signal = { id = \"w\", name = \"n\", args = [\"x\"] }\n";

// The problems of a rule `r`, whose first line is the fifth of the file; the [device] stands before it.
std::string problems(const std::string& rule) {
  std::string text;
  for (const std::string& line : problems_of("[rule.r]\n" + rule + kSignal)) text += line + "\n";
  return text;
}

void refuses(const std::string& rule, const std::string& place, const std::string& words) {
  const std::string found = problems(rule);
  EXPECT_NE(found.find("sundial.toml:" + place), std::string::npos) << rule << found;
  EXPECT_NE(found.find(words), std::string::npos) << rule << found;
}

TEST(Refusals, SilentForGoesWithFew) {
  for (const char* other : {"hold = \"1s\"", "clear_when = \"true\"", "change = { of = \"payload\" }",
                            "window = { count = 2 }"}) {
    refuses(std::string("topic = \"t\"\nsilent_for = \"5m\"\n") + other + "\n", "7:1:", "silent_for");
  }
  EXPECT_EQ(problems("topic = \"t\"\nsilent_for = \"5m\"\nwhen = \"true\"\nunique = \"payload\"\nkey = "
                     "\"k\"\ncooldown = \"1s\"\n"
                     "back = { publish = { topic = \"x\", payload = \"y\" } }\n"),
            "");
}

TEST(Refusals, WindowKeys) {
  for (const char* window :
       {"count = 5, every = \"1m\"", "timeout = \"1s\", every = \"1m\"", "count = 5, session = \"1m\"",
        "timeout = \"1s\", session = \"1m\"", "close_when = \"true\", every = \"1m\", over = \"2m\"",
        "close_when = \"true\", every = \"1m\", time = \"payload\"", "every = \"1m\", session = \"1m\"",
        "over = \"1m\", count = 1", "time = \"payload\", count = 1", "every = \"1m\", lateness = \"1s\"",
        "every = \"1m\", ahead = \"1s\""}) {
    EXPECT_NE(problems(std::string("topic = \"t\"\nwindow = { ") + window + " }\n"), "") << window;
  }
  refuses("topic = \"t\"\nwindow = { max_items = 5 }\n", "6:", "nothing closes");
  refuses("topic = \"t\"\ncollect = { n = \"count()\" }\n", "6:1:", "window");
  refuses("topic = \"t\"\nhaving = \"true\"\n", "6:1:", "window");
  refuses("topic = \"t\"\nhold = \"1s\"\nwindow = { count = 2 }\n", "6:1:", "hold");
  refuses("topic = \"t\"\nback = { cancel = { id = \"x\" } }\n", "6:1:", "silent_for");
}

TEST(Refusals, WebhooksThatNobodyCanCall) {
  refuses("webhook = \"\"\n", "5:", "POST /webhook/NAME");
  refuses("webhook = \"a/b\"\n", "5:", "POST /webhook/NAME");
  EXPECT_EQ(problems("webhook = \"github\"\n"), "");
}

TEST(Refusals, PeriodsNameTheNearestRightOne) {
  refuses("topic = \"t\"\nwindow = { every = \"100m\" }\n", "6:", "2h");
  refuses("topic = \"t\"\nwindow = { every = \"5h30m\" }\n", "6:", "6h");
  refuses("topic = \"t\"\nwindow = { every = \"36h\" }\n", "6:", "1d");
  refuses("topic = \"t\"\nwindow = { every = \"2m\", over = \"5m\" }\n", "6:", "6m");
  refuses("topic = \"t\"\nwindow = { every = \"2m\", over = \"1m\" }\n", "6:", "2m");
}

TEST(Refusals, Topics) {
  refuses("topic = [\"a/{x}\", \"b/{y}\"]\n", "5:", "same names");
  refuses("topic = \"a/#/b\"\n", "5:", "last level");
  refuses("topic = \"t\"\nwebhook = \"w\"\n", "5:1:", "webhook");
  refuses("topic = \"t\"\nqos = 2\n", "6:", "QoS 2");
  EXPECT_NE(problems("when = \"true\"\n").find("hears nothing"), std::string::npos);
  refuses("topic = []\n", "5:9:", "hears nothing");
  refuses("topic = \"t\"\nsilent_for = \"1s\"\nretained = \"only\"\n", "7:1:", "hear nothing");
  const std::string overlap =
      "[mqtt]\nurl = \"mqtt://x\"\nversion = 3\n[rule.a]\ntopic = \"$share/g/t/+\"\n" + std::string(kSignal) +
      "[rule.b]\ntopic = \"t/#\"\n" + kSignal;
  const std::vector<std::string> found = problems_of(overlap);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_NE(found[0].find("sundial.toml:8:"), std::string::npos) << found[0];
}

TEST(Refusals, ExpressionsAndNames) {
  refuses("topic = \"t/{x}\"\nwhen = \"payload.a >\"\n", "6:", "[rule.r] when");
  refuses("topic = \"t/{x}\"\nwhen = \"nobody > 1\"\n", "6:", "nobody");
  refuses("topic = \"t/{x}\"\nwhen = \"topic.y == 'a'\"\n", "6:", "[rule.r] when");
  refuses("topic = \"t/{x}\"\nwhen = \"window.count > 1\"\n", "6:", "window");
  refuses("topic = \"t/{x}\"\nkey = \"{state.count}\"\n", "6:", "state");
  refuses("topic = \"t\"\nwindow = { count = 3 }\ncollect = { x = \"max(avg(payload.v))\" }\n",
          "7:", "collect");
  refuses("topic = \"t\"\nwindow = { count = 3 }\nhaving = \"window.nothing > 1\"\n", "7:", "nothing");
}

TEST(Refusals, AreToldInOneGo) {
  const std::vector<std::string> found = problems_of(
      "[rule.r]\ntopic = \"a/#/b\"\nwhen = \"payload >\"\nhold = \"1s\"\nwindow = { every = \"100m\", count "
      "= 2 }\n" +
      std::string(kSignal));
  EXPECT_GE(found.size(), 5U);
}

}  // namespace
}  // namespace sundial::engine
