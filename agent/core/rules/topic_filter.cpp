// Parsing, matching and comparing topic filters.
#include "agent/core/rules/topic_filter.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "platform/base/text.hpp"

namespace sundial::rules {
namespace {

using Kind = FilterLevel::Kind;

Error wrong(std::string what) {
  return {ErrorKind::invalid, std::move(what)};
}

bool is_name(std::string_view text) {
  if (text.empty() || (text.front() >= '0' && text.front() <= '9')) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

Result<FilterLevel> parse_level(std::string_view text, bool last) {
  if (text == "+") return FilterLevel{Kind::any, {}};
  if (text == "#") {
    if (!last) return wrong("'#' must be the last level, as in 'sensors/#'");
    return FilterLevel{Kind::rest, {}};
  }
  if (text.size() >= 2 && text.front() == '{' && text.back() == '}') {
    const std::string_view name = text.substr(1, text.size() - 2);
    if (!is_name(name)) {
      return wrong(
          fmt::format("'{}' is no name for a level: letters, digits and _ after a letter, as in '{{device}}'",
                      printable(text)));
    }
    return FilterLevel{Kind::any, std::string(name)};
  }
  if (text.find_first_of("+#{}") != std::string_view::npos) {
    return wrong(
        fmt::format("'+', '#' and '{{name}}' must be a whole level each, unlike '{}'", printable(text)));
  }
  return FilterLevel{Kind::literal, std::string(text)};
}

Result<void> take_group(std::string_view& text, std::string& group) {
  constexpr std::string_view kShare = "$share/";
  if (text != "$share" && !text.starts_with(kShare)) return {};
  const std::string_view rest = text.size() > kShare.size() ? text.substr(kShare.size()) : std::string_view{};
  const std::size_t slash = rest.find('/');
  if (slash == 0 || slash == std::string_view::npos || slash + 1 == rest.size()) {
    return wrong("a shared filter is '$share/GROUP/FILTER', as in '$share/agents/sensors/+'");
  }
  group = std::string(rest.substr(0, slash));
  if (group.find_first_of("+#{}") != std::string::npos) return wrong("a group's name has no wildcards");
  text = rest.substr(slash + 1);
  return {};
}

// A wildcard at the first level matches no topic that begins with $.
bool hidden_from_wildcards(const FilterLevel& first) {
  return first.kind == Kind::literal && first.text.starts_with('$');
}

}  // namespace

std::vector<std::string> TopicFilter::names() const {
  std::vector<std::string> found;
  for (const FilterLevel& level : levels) {
    if (level.kind == Kind::any && !level.text.empty()) found.push_back(level.text);
  }
  return found;
}

std::string TopicFilter::pattern() const {
  std::string text;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    if (i > 0) text += '/';
    switch (levels[i].kind) {
      case Kind::literal:
        text += levels[i].text;
        break;
      case Kind::any:
        text += '+';
        break;
      case Kind::rest:
        text += '#';
        break;
    }
  }
  return text;
}

std::string TopicFilter::subscription() const {
  return shared() ? fmt::format("$share/{}/{}", group, pattern()) : pattern();
}

Result<TopicFilter> parse_topic_filter(std::string_view text) {
  constexpr std::size_t kLongest = 65'535;
  if (text.empty()) return wrong("a topic must not be empty");
  if (text.size() > kLongest) return wrong("a topic has at most 65535 bytes");
  if (!is_utf8(text)) return wrong("a topic must be valid UTF-8");
  if (text.find('\0') != std::string_view::npos) return wrong("a topic must not hold the character NUL");
  TopicFilter filter;
  if (Result<void> shared = take_group(text, filter.group); !shared) return shared.error();
  const std::vector<std::string_view> parts = split(text, '/');
  for (std::size_t i = 0; i < parts.size(); ++i) {
    Result<FilterLevel> level = parse_level(parts[i], i + 1 == parts.size());
    if (!level) return level.error();
    filter.levels.push_back(*std::move(level));
  }
  std::vector<std::string> names = filter.names();
  std::sort(names.begin(), names.end());
  if (const auto twice = std::adjacent_find(names.begin(), names.end()); twice != names.end()) {
    return wrong(fmt::format("the name '{}' stands for two levels; give each its own", *twice));
  }
  return filter;
}

void split_topic(std::string_view topic, std::vector<std::string_view>& levels) {
  levels.clear();
  for (std::size_t start = 0;;) {
    const std::size_t slash = topic.find('/', start);
    levels.push_back(topic.substr(start, slash - start));
    if (slash == std::string_view::npos) return;
    start = slash + 1;
  }
}

bool matches(const TopicFilter& filter, const std::vector<std::string_view>& levels) {
  if (levels.front().starts_with('$') && filter.levels.front().kind != Kind::literal) return false;
  for (std::size_t i = 0; i < filter.levels.size(); ++i) {
    const FilterLevel& level = filter.levels[i];
    if (level.kind == Kind::rest) return true;  // also the level above it: "a/#" matches "a"
    if (i >= levels.size()) return false;
    if (level.kind == Kind::literal && level.text != levels[i]) return false;
  }
  return levels.size() == filter.levels.size();
}

bool overlap(const TopicFilter& left, const TopicFilter& right) {
  const auto& a = left.levels;
  const auto& b = right.levels;
  if (hidden_from_wildcards(a.front()) != hidden_from_wildcards(b.front())) return false;
  for (std::size_t i = 0;; ++i) {
    if (i < a.size() && a[i].kind == Kind::rest) return true;
    if (i < b.size() && b[i].kind == Kind::rest) return true;
    if (i == a.size() || i == b.size()) return a.size() == b.size();
    if (a[i].kind == Kind::literal && b[i].kind == Kind::literal && a[i].text != b[i].text) return false;
  }
}

bool covers(const TopicFilter& outer, const TopicFilter& inner) {
  const auto& a = outer.levels;
  const auto& b = inner.levels;
  if (a.front().kind != Kind::literal && hidden_from_wildcards(b.front())) return false;
  for (std::size_t i = 0;; ++i) {
    if (i < a.size() && a[i].kind == Kind::rest) return true;
    if (i == a.size() || i == b.size()) return a.size() == b.size();
    if (b[i].kind == Kind::rest) return false;
    if (a[i].kind == Kind::literal && (b[i].kind != Kind::literal || a[i].text != b[i].text)) return false;
  }
}

TopicFilter join(const TopicFilter& left, const TopicFilter& right) {
  TopicFilter joined;
  const std::size_t shorter = std::min(left.levels.size(), right.levels.size());
  for (std::size_t i = 0; i < shorter; ++i) {
    const FilterLevel& a = left.levels[i];
    const FilterLevel& b = right.levels[i];
    if (a.kind == Kind::rest || b.kind == Kind::rest) break;
    const bool same = a.kind == Kind::literal && b.kind == Kind::literal && a.text == b.text;
    joined.levels.push_back(same ? a : FilterLevel{Kind::any, {}});
  }
  if (left.levels.size() != right.levels.size() || joined.levels.size() < shorter) {
    joined.levels.push_back(FilterLevel{Kind::rest, {}});
  }
  return joined;
}

}  // namespace sundial::rules
