// Topic filters as rules write them: MQTT's, with names for levels and $share groups.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "platform/base/result.hpp"

namespace sundial::rules {

struct FilterLevel {
  enum class Kind { literal, any, rest };  // text, + or {name}, #
  Kind kind = Kind::literal;
  std::string text;  // literal: as it stands; any: its name, or empty
};

struct TopicFilter {
  std::string group;  // of $share/group/…; empty: not shared
  std::vector<FilterLevel> levels;

  bool shared() const { return !group.empty(); }
  // The names of its levels in their order.
  std::vector<std::string> names() const;
  // As MQTT writes it, names as +; `subscription` with the $share prefix.
  std::string pattern() const;
  std::string subscription() const;
};

Result<TopicFilter> parse_topic_filter(std::string_view text);

// The levels of a topic. "a//b" has an empty one.
void split_topic(std::string_view topic, std::vector<std::string_view>& levels);

bool matches(const TopicFilter& filter, const std::vector<std::string_view>& levels);

// Whether some topic matches both; groups do not count.
bool overlap(const TopicFilter& left, const TopicFilter& right);
// Whether all that `inner` matches, `outer` matches too.
bool covers(const TopicFilter& outer, const TopicFilter& inner);
// The narrowest filter that covers both of two that overlap.
TopicFilter join(const TopicFilter& left, const TopicFilter& right);

}  // namespace sundial::rules
