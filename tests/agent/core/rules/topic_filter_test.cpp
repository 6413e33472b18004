// Topic filters: parsing, matching, overlap and the index over many of them.
#include "agent/core/rules/topic_filter.hpp"

#include <gtest/gtest.h>

#include "agent/core/rules/filter_index.hpp"

namespace sundial::rules {
namespace {

TopicFilter filter(std::string_view text) {
  Result<TopicFilter> parsed = parse_topic_filter(text);
  EXPECT_TRUE(parsed) << text;
  return parsed ? *parsed : TopicFilter{};
}

bool matches(std::string_view text, std::string_view topic) {
  std::vector<std::string_view> levels;
  split_topic(topic, levels);
  const TopicFilter parsed = filter(text);
  FilterIndex index;
  index.add(parsed, {});
  std::vector<FilterIndex::Entry> found;
  index.match(levels, found);
  EXPECT_EQ(!found.empty(), rules::matches(parsed, levels)) << text << " " << topic;
  return !found.empty();
}

TEST(TopicFilter, MatchesLevelByLevel) {
  EXPECT_TRUE(matches("site/{site}/t", "site/a/t"));
  EXPECT_TRUE(matches("site/+/t", "site//t"));
  EXPECT_FALSE(matches("site/{site}/t", "site/a/b/t"));
  EXPECT_FALSE(matches("site/{site}/t", "Site/a/t"));
  EXPECT_TRUE(matches("a/#", "a"));
  EXPECT_TRUE(matches("a/#", "a/b/c"));
  EXPECT_FALSE(matches("a/#", "ab"));
  EXPECT_TRUE(matches("/a", "/a"));
  EXPECT_FALSE(matches("/a", "a"));
  EXPECT_FALSE(matches("+", "/a"));
}

TEST(TopicFilter, NoWildcardMatchesDollarTopics) {
  EXPECT_FALSE(matches("#", "$SYS/broker"));
  EXPECT_FALSE(matches("+/broker", "$SYS/broker"));
  EXPECT_FALSE(matches("{x}/broker", "$SYS/broker"));
  EXPECT_TRUE(matches("$SYS/#", "$SYS/broker"));
  EXPECT_TRUE(matches("a/#", "a/$b"));
}

TEST(TopicFilter, KnowsItsNamesAndItsSubscription) {
  const TopicFilter shared = filter("$share/g/a/{x}/+/{y}/#");
  EXPECT_EQ(shared.group, "g");
  EXPECT_EQ(shared.names(), (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(shared.pattern(), "a/+/+/+/#");
  EXPECT_EQ(shared.subscription(), "$share/g/a/+/+/+/#");
}

TEST(TopicFilter, RefusesWhatIsNone) {
  for (const std::string_view text :
       {"", "a/#/b", "a+", "a/b#", "a/{}", "a/{x}y", "{x}/{x}", "{1x}", "$share/g", "$share//a", "$share/g/",
        "$share", "$share/+/a", "a/{x y}"}) {
    EXPECT_FALSE(parse_topic_filter(text)) << text;
  }
  EXPECT_FALSE(parse_topic_filter(std::string("a\0b", 3)));
  EXPECT_FALSE(parse_topic_filter("\xff"));
  EXPECT_FALSE(parse_topic_filter(std::string(70'000, 'x')));
}

TEST(TopicFilter, OverlapCoverAndJoin) {
  EXPECT_TRUE(overlap(filter("a/+"), filter("+/b")));
  EXPECT_FALSE(overlap(filter("a/+"), filter("b/+")));
  EXPECT_FALSE(overlap(filter("a/+"), filter("a/b/c")));
  EXPECT_TRUE(overlap(filter("a/#"), filter("a")));
  EXPECT_FALSE(overlap(filter("#"), filter("$SYS/x")));
  EXPECT_TRUE(covers(filter("a/#"), filter("a/+/c")));
  EXPECT_TRUE(covers(filter("a/#"), filter("a")));
  EXPECT_TRUE(covers(filter("a/{x}"), filter("a/b")));
  EXPECT_FALSE(covers(filter("a/b"), filter("a/+")));
  EXPECT_FALSE(covers(filter("a/+"), filter("a/#")));
  EXPECT_FALSE(covers(filter("#"), filter("$SYS/#")));
  EXPECT_EQ(join(filter("a/+"), filter("+/b")).pattern(), "+/+");
  EXPECT_EQ(join(filter("a/b/#"), filter("a/+/c")).pattern(), "a/+/#");
  EXPECT_EQ(join(filter("a/#"), filter("+/b/c")).pattern(), "+/#");
}

TEST(FilterIndex, NamesEachRuleOnceWithItsFirstFilter) {
  FilterIndex index;
  index.add(filter("a/#"), {1, 1});
  index.add(filter("a/b"), {1, 0});
  index.add(filter("+/b"), {0, 2});
  std::vector<FilterIndex::Entry> found;
  index.match({"a", "b"}, found);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].rule, 0U);
  EXPECT_EQ(found[0].filter, 2U);
  EXPECT_EQ(found[1].rule, 1U);
  EXPECT_EQ(found[1].filter, 0U);
}

}  // namespace
}  // namespace sundial::rules
