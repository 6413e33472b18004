// The early test: it turns away only what no rule keeps, and counts only that.
#include <map>

#include <gtest/gtest.h>

#include "tests/agent/core/engine/desk.hpp"

namespace sundial::engine {
namespace {

TEST(Prefilter, TurnsAwayOnlyWhatLeavesNoTrace) {
  Desk desk("[rule.plain]\ntopic = \"plain/{id}\"\nwhen = \"payload.v > 5\"\n" + signal("1") +
            "[rule.hold]\ntopic = \"hold\"\nwhen = \"payload.v > 5\"\nhold = \"1s\"\n" + signal("1") +
            "[rule.state]\ntopic = \"state\"\nwhen = \"state.count > 5\"\n" + signal("1"));
  const auto filter = desk.engine().prefilter();
  const auto wants = [&](std::string_view topic, std::string_view payload) {
    rules::Offer offer;
    offer.topic = topic;
    offer.payload = payload;
    return filter->wants(offer);
  };
  EXPECT_FALSE(wants("other", "{}"));
  EXPECT_TRUE(wants("plain/a", "{\"v\":6}"));
  EXPECT_FALSE(wants("plain/a", "{\"v\":5}"));
  EXPECT_TRUE(wants("plain/a", "{}")) << "the first that fails is told";
  EXPECT_FALSE(wants("plain/a", "{}"));
  EXPECT_TRUE(wants("hold", "{\"v\":5}"));
  EXPECT_TRUE(wants("state", "{}"));
  EXPECT_EQ(filter->rejected(0).messages, 2U);
}

TEST(Prefilter, CountsOnlyWhatNoRuleKeeps) {
  const std::string topic = "]\ntopic = \"t\"\n";
  Desk desk("[rule.high" + topic + "when = \"payload.v > 5\"\n" + signal("1") + "[rule.broken" + topic +
            "when = \"payload.w > 5\"\n" + signal("1") + "[rule.kept" + topic + "retained = \"only\"\n" +
            signal("1") + "[rule.low" + topic + "when = \"payload.v > 1\"\n" + signal("1"));
  const auto filter = desk.engine().prefilter();
  const auto offer = [&](const std::string& payload) {
    rules::Offer offered;
    offered.topic = "t";
    offered.payload = payload;
    const bool wanted = filter->wants(offered);
    if (wanted) desk.hear("12:00:00", "t", payload);
    return wanted;
  };
  EXPECT_TRUE(offer(R"({"v":0})")) << "the first that fails is told";
  EXPECT_TRUE(offer(R"({"v":3})")) << "only the last rule keeps it";
  EXPECT_FALSE(offer(R"({"v":1})"));
  EXPECT_TRUE(offer(R"({"v":4})"));
  std::map<std::string, std::uint64_t> counts;
  for (const model::Count& count : desk.engine().counts())
    counts[count.label + " " + std::string(count.metric)] += count.value;
  for (const std::string rule : {"high", "broken", "low"})
    EXPECT_EQ(counts[rule + " rule_matched_total"], 4U) << rule;
  EXPECT_EQ(counts["broken rule_errors_total"], 4U);
  EXPECT_EQ(counts["high rule_errors_total"], 0U);
  EXPECT_EQ(counts["kept rule_suppressed_total"], 4U);
  EXPECT_EQ(counts["low rule_fired_total"], 2U);
}

// It reads only those members of the payload that `when` looks at: that must never change what it says.
TEST(Prefilter, LooksAtNoLessThanTheConditionDoes) {
  const std::string_view payload = R"({"a":1,"b":{"c":[1,2]},"d":"x","a":2,"e":null})";
  for (const auto& [when, holds] : std::vector<std::pair<std::string, bool>>{
           {"payload.a == 2", true},
           {"payload.a == 1", false},
           {"has(payload.e) && !has(payload.f)", true},
           {"has(payload.f)", false},
           {"payload.b.c[1] == 2", true},
           {"size(payload) == 4", true},
           {"size(payload) == 1 && payload.a == 2", false},
           {"payload['d'] == 'x'", true},
           {"(payload.a == 2 ? payload : payload.b).d == 'x'", true},
           {"(payload.a == 2 ? payload.b : payload).c == [1, 2]", true},
           {"[payload].exists(p, p.d == 'x')", true},
           {"payload == {'a': 2, 'b': {'c': [1, 2]}, 'd': 'x', 'e': null}", true},
           {"'d' in payload && payload.a == 2", true}}) {
    Desk desk("[rule.r]\ntopic = \"t\"\nwhen = \"" + when + "\"\n" + signal("1"));
    rules::Offer offer;
    offer.topic = "t";
    offer.payload = payload;
    EXPECT_EQ(desk.engine().prefilter()->wants(offer), holds) << when;
  }
}

}  // namespace
}  // namespace sundial::engine
