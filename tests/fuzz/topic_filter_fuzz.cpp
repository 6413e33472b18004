// Fuzz target for topic filters: what they say of each other holds for the topics that they match.
// Three lines: two filters and a topic.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/rules/topic_filter.hpp"

namespace {

using namespace sundial;
using namespace sundial::rules;

void require(bool holds) {
  if (!holds) std::abort();
}

std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

using Topic = std::vector<std::string_view>;

void check_one(const TopicFilter& filter, const Topic& topic) {
  require(covers(filter, filter) && overlap(filter, filter));
  // As the broker is told it, it is read as the same filter, only without its names.
  const std::string subscription = filter.subscription();
  const auto again = parse_topic_filter(subscription);
  require(again.has_value() && again->subscription() == subscription && again->group == filter.group);
  require(matches(*again, topic) == matches(filter, topic));
}

void check_both(const TopicFilter& left, const TopicFilter& right, const Topic& topic) {
  require(overlap(left, right) == overlap(right, left));
  const bool by_left = matches(left, topic), by_right = matches(right, topic);
  if (by_left && by_right) require(overlap(left, right));
  if (covers(left, right)) {
    require(overlap(left, right));
    if (by_right) require(by_left);
  }
  if (!overlap(left, right)) return;
  const TopicFilter joined = join(left, right);
  require(covers(joined, left) && covers(joined, right));
  if (by_left || by_right) require(matches(joined, topic));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);  // NOLINT: bytes are text here
  const auto left = parse_topic_filter(take_line(text));
  const auto right = parse_topic_filter(take_line(text));
  Topic topic;
  split_topic(take_line(text), topic);
  if (left) check_one(*left, topic);
  if (right) check_one(*right, topic);
  if (left && right) check_both(*left, *right, topic);
  return 0;
}
