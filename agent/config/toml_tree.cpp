// The only file that knows toml++: its exceptions and its sorted tables end here.
#include "agent/config/toml_tree.hpp"

#include <algorithm>
#include <sstream>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "platform/base/text.hpp"

namespace sundial::config {
namespace {

using model::Node;
using model::Position;
using model::Problem;

// toml++ bounds nested values but neither the parts of a dotted key nor tables below tables, and
// it walks trees by recursion.
constexpr int kMaxDots = 16;
constexpr int kMaxDepth = 64;

Position position_of(const toml::source_region& region, const model::FileName& file) {
  return {file, static_cast<int>(region.begin.line), static_cast<int>(region.begin.column)};
}

Instant instant_of(const toml::date_time& moment) {
  const std::chrono::year_month_day date{std::chrono::year{moment.date.year},
                                         std::chrono::month{moment.date.month},
                                         std::chrono::day{moment.date.day}};
  const int offset = moment.offset ? moment.offset->minutes : 0;
  return Instant{std::chrono::sys_days{date} + std::chrono::hours{moment.time.hour} +
                 std::chrono::minutes{moment.time.minute} + std::chrono::seconds{moment.time.second} +
                 Millis{moment.time.nanosecond / 1'000'000} - std::chrono::minutes{offset}};
}

// As TOML writes it: for local dates and times, which a zone would have to make an instant of.
template <typename T>
std::string text_of(const T& value) {
  std::ostringstream text;
  text << value;
  return text.str();
}

class Converter {
 public:
  Converter(const std::string& file, std::vector<Problem>& problems) : file_(file), problems_(problems) {}

  Node convert(const toml::node& from, int depth) {
    Node node;
    node.at = position_of(from.source(), file_);
    if (depth > kMaxDepth) {
      problems_.push_back({node.at, "", fmt::format("nested deeper than {} levels", kMaxDepth)});
      return node;
    }
    if (const toml::table* table = from.as_table()) {
      node.data = convert_table(*table, depth);
    } else if (const toml::array* array = from.as_array()) {
      model::Array items;
      for (const toml::node& item : *array) items.push_back(convert(item, depth + 1));
      node.data = std::move(items);
    } else {
      convert_scalar(from, node);
    }
    return node;
  }

 private:
  model::Table convert_table(const toml::table& table, int depth) {
    model::Table entries;
    for (const auto& [key, value] : table) {
      entries.push_back(
          {std::string(key.str()), position_of(key.source(), file_), convert(value, depth + 1)});
    }
    std::stable_sort(entries.begin(), entries.end(), [](const model::Entry& left, const model::Entry& right) {
      return std::pair(left.key_at.line, left.key_at.column) <
             std::pair(right.key_at.line, right.key_at.column);
    });
    return entries;
  }

  static void convert_scalar(const toml::node& from, Node& node) {
    if (const auto* text = from.as_string()) node.data = text->get();
    if (const auto* number = from.as_integer()) node.data = number->get();
    if (const auto* number = from.as_floating_point()) node.data = number->get();
    if (const auto* truth = from.as_boolean()) node.data = truth->get();
    if (const auto* date = from.as_date()) node.data = text_of(date->get());
    if (const auto* time = from.as_time()) node.data = text_of(time->get());
    if (const auto* moment = from.as_date_time()) {
      if (moment->get().offset) {
        node.data = instant_of(moment->get());
      } else {
        node.data = text_of(moment->get());
      }
    }
  }

  const model::FileName file_;
  std::vector<Problem>& problems_;
};

// Steps over one quoted string; returns the index behind it.
std::size_t skip_string(std::string_view text, std::size_t start) {
  const char quote = text[start];
  const std::string triple(3, quote);
  const bool multi_line = text.substr(start, 3) == triple;
  std::size_t i = start + (multi_line ? 3 : 1);
  for (; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (multi_line ? text.substr(i, 3) == triple : (text[i] == quote || text[i] == '\n')) {
      return i + (multi_line ? 3 : 1);
    }
  }
  return text.size();
}

// The line of the first dotted key with too many parts, or 0.
int line_of_too_many_dots(std::string_view text) {
  int line = 1;
  int dots = 0;
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == '"' || c == '\'') {
      const std::size_t end = skip_string(text, i);
      line += static_cast<int>(std::count(text.begin() + static_cast<std::ptrdiff_t>(i),
                                          text.begin() + static_cast<std::ptrdiff_t>(end), '\n'));
      i = end;
      continue;
    }
    if (c == '#') {
      i = std::min(text.find('\n', i), text.size());
      continue;
    }
    if (c == '\n') ++line;
    if (std::string_view("\n=,[]{}").find(c) != std::string_view::npos) dots = 0;
    if (c == '.' && ++dots > kMaxDots) return line;
    ++i;
  }
  return 0;
}

// "Error while parsing key-value pair: expected value" reads better after a place without its start.
std::string without_preamble(std::string_view description) {
  constexpr std::string_view preamble = "Error while parsing ";
  if (description.starts_with(preamble)) description.remove_prefix(preamble.size());
  return printable(description, 300);
}

}  // namespace

Node parse_toml(std::string_view text, const std::string& file, std::vector<Problem>& problems) {
  Node empty{model::Table{}, {file, 1, 1}};
  if (const int line = line_of_too_many_dots(text); line > 0) {
    problems.push_back({{file, line, 1}, "", fmt::format("a dotted key has more than {} parts", kMaxDots)});
    return empty;
  }
  try {
    const toml::table table = toml::parse(text, std::string_view(file));
    return Converter(file, problems).convert(table, 0);
  } catch (const toml::parse_error& error) {
    problems.push_back(
        {position_of(error.source(), file), "", "no valid TOML: " + without_preamble(error.description())});
    return empty;
  }
}

}  // namespace sundial::config
