// Typed reading of nodes.
#include "agent/config/reader.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

#include <fmt/format.h>

#include "platform/base/text.hpp"

namespace sundial::config {
namespace {

using model::Node;

struct Unit {
  std::string_view name;
  std::int64_t bytes;
};
// Largest first, binary before decimal, as format_size takes them.
constexpr std::array<Unit, 7> kUnits{{{"GiB", std::int64_t{1} << 30},
                                      {"MiB", std::int64_t{1} << 20},
                                      {"KiB", std::int64_t{1} << 10},
                                      {"GB", 1'000'000'000},
                                      {"MB", 1'000'000},
                                      {"kB", 1'000},
                                      {"B", 1}}};

template <typename T>
std::optional<T> whole_number(std::string_view text) {
  T value{};
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string plain(double value) {
  return fmt::format("{}", value);
}

}  // namespace

std::optional<double> parse_number(std::string_view text) {
  const auto value = whole_number<double>(trim(text));
  return value && std::isfinite(*value) ? value : std::nullopt;
}

std::optional<std::int64_t> parse_size(std::string_view text) {
  std::int64_t count = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (problem != std::errc{} || count < 0) return std::nullopt;
  const std::string_view name = trim(text.substr(static_cast<std::size_t>(end - text.data())));
  for (const Unit& unit : kUnits) {
    if (lower_ascii(unit.name) != lower_ascii(name)) continue;
    if (count > INT64_MAX / unit.bytes) return std::nullopt;
    return count * unit.bytes;
  }
  return std::nullopt;
}

std::string format_size(std::int64_t bytes) {
  for (const Unit& unit : kUnits) {
    if (bytes != 0 && bytes % unit.bytes == 0) return fmt::format("{}{}", bytes / unit.bytes, unit.name);
  }
  return fmt::format("{}B", bytes);
}

std::string_view type_of(const Node& node) {
  struct Names {
    std::string_view operator()(const std::string&) const { return "a string"; }
    std::string_view operator()(std::int64_t) const { return "an integer"; }
    std::string_view operator()(double) const { return "a number with a fraction"; }
    std::string_view operator()(bool) const { return "true or false"; }
    std::string_view operator()(Instant) const { return "a time"; }
    std::string_view operator()(const model::Array&) const { return "a list"; }
    std::string_view operator()(const model::Table&) const { return "a table"; }
    std::string_view operator()(Null) const { return "null"; }
  };
  return std::visit(Names{}, node.data);
}

void Reader::problem(const model::Position& at, std::string what) {
  problems_.push_back({at, where_of(path_), std::move(what)});
}

bool Reader::is_missing(const Node& node) const {
  return !substituted_.missing.empty() && substituted_.missing.contains(place_of(node.at));
}

bool Reader::is_from_environment(const Node& node) const {
  return substituted_.anything || substituted_.whole.contains(place_of(node.at));
}

void Reader::wrong_type(const Node& node, std::string_view expected) {
  if (is_missing(node)) return;
  const std::string_view from = is_from_environment(node) ? " from the environment" : "";
  problem(node.at, fmt::format("expected {}, not {}{}", expected, type_of(node), from));
}

std::optional<std::string> Reader::text(const Node& node) {
  const auto* text = std::get_if<std::string>(&node.data);
  if (text == nullptr || is_missing(node)) {
    wrong_type(node, "a string");
    return std::nullopt;
  }
  return *text;
}

std::optional<bool> Reader::boolean(const Node& node) {
  if (const auto* truth = std::get_if<bool>(&node.data)) return *truth;
  if (const auto* text = std::get_if<std::string>(&node.data); text != nullptr && is_from_environment(node)) {
    const std::string word = lower_ascii(*text);
    if (word == "true" || word == "1") return true;
    if (word == "false" || word == "0") return false;
  }
  wrong_type(node, "true or false");
  return std::nullopt;
}

std::optional<std::int64_t> Reader::integer(const Node& node, std::int64_t least, std::int64_t most) {
  std::optional<std::int64_t> value;
  if (const auto* number = std::get_if<std::int64_t>(&node.data)) value = *number;
  if (const auto* text = std::get_if<std::string>(&node.data); text != nullptr && is_from_environment(node)) {
    value = whole_number<std::int64_t>(trim(*text));
  }
  if (!value) {
    wrong_type(node, "an integer");
    return std::nullopt;
  }
  if (*value < least || *value > most) {
    problem(node.at, most == INT64_MAX ? fmt::format("{} is too small; at least {}", *value, least)
                                       : fmt::format("{} is not between {} and {}", *value, least, most));
    return std::nullopt;
  }
  return value;
}

std::optional<double> Reader::number(const Node& node, double least, double most) {
  std::optional<double> value;
  if (const auto* number = std::get_if<double>(&node.data)) value = *number;
  if (const auto* number = std::get_if<std::int64_t>(&node.data)) value = static_cast<double>(*number);
  if (const auto* text = std::get_if<std::string>(&node.data); text != nullptr && is_from_environment(node)) {
    value = parse_number(*text);
  }
  if (!value) {
    wrong_type(node, "a number");
    return std::nullopt;
  }
  if (!std::isfinite(*value) || *value < least || *value > most) {
    problem(node.at, fmt::format("{} is not between {} and {}", plain(*value), plain(least), plain(most)));
    return std::nullopt;
  }
  return value;
}

std::optional<Millis> Reader::duration(const Node& node, Millis least, Millis most) {
  const auto* text = std::get_if<std::string>(&node.data);
  if (text == nullptr || is_missing(node)) {
    wrong_type(node, "a duration such as \"90s\" or \"1h30m\"");
    return std::nullopt;
  }
  const Result<Millis> value = parse_duration(*text);
  if (!value) {
    problem(node.at, value.error().message());
    return std::nullopt;
  }
  if (*value < least || *value > most) {
    problem(node.at,
            *value < least
                ? fmt::format("{} is too short; at least {}", format_duration(*value), format_duration(least))
                : fmt::format("{} is too long; at most {}", format_duration(*value), format_duration(most)));
    return std::nullopt;
  }
  return value.value();
}

std::optional<std::int64_t> Reader::size(const Node& node, std::int64_t least, std::int64_t most) {
  std::optional<std::int64_t> value;
  if (const auto* number = std::get_if<std::int64_t>(&node.data)) value = *number;
  if (const auto* text = std::get_if<std::string>(&node.data); text != nullptr && !is_missing(node)) {
    value = is_from_environment(node) ? whole_number<std::int64_t>(*text) : std::nullopt;
    if (!value) value = parse_size(*text);
    if (!value) {
      problem(node.at,
              fmt::format("'{}' is not a size; write it as \"64MiB\" or \"256KiB\"", printable(*text, 40)));
      return std::nullopt;
    }
  }
  if (!value) {
    wrong_type(node, "a size such as \"64MiB\"");
    return std::nullopt;
  }
  if (*value < least || *value > most) {
    problem(node.at,
            *value < least
                ? fmt::format("{} is too small; at least {}", format_size(*value), format_size(least))
                : fmt::format("{} is too large; at most {}", format_size(*value), format_size(most)));
    return std::nullopt;
  }
  return value;
}

std::optional<Instant> Reader::time(const Node& node) {
  if (const auto* instant = std::get_if<Instant>(&node.data)) return *instant;
  const auto* text = std::get_if<std::string>(&node.data);
  if (text == nullptr || is_missing(node)) {
    wrong_type(node, "a time such as 2026-01-31T08:00:00Z");
    return std::nullopt;
  }
  const Result<Instant> value = parse_rfc3339(*text);
  if (!value) {
    const bool lacks_offset = parse_rfc3339(*text + "Z").has_value();
    problem(node.at, lacks_offset
                         ? fmt::format("'{}' names no instant; write its offset, such as {}Z or {}+01:00",
                                       *text, *text, *text)
                         : value.error().message());
    return std::nullopt;
  }
  return value.value();
}

std::optional<std::size_t> Reader::choice(const Node& node, const std::vector<std::string>& choices) {
  const auto* text = std::get_if<std::string>(&node.data);
  if (text == nullptr || is_missing(node)) {
    wrong_type(node, fmt::format("one of {}", fmt::join(choices, ", ")));
    return std::nullopt;
  }
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (choices[i] == *text) return i;
  }
  const auto meant = did_you_mean(*text, {choices.begin(), choices.end()});
  problem(node.at, fmt::format("'{}' is none of {}{}", printable(*text, 40), fmt::join(choices, ", "),
                               meant ? fmt::format("; did you mean {}?", *meant) : ""));
  return std::nullopt;
}

std::optional<std::string> Reader::path(const Node& node) {
  auto path = text(node);
  if (!path) return std::nullopt;
  if (path->empty()) {
    problem(node.at, "expected a file's path, not an empty string");
    return std::nullopt;
  }
  const std::size_t slash = node.at.file.text().rfind('/');
  if (path->front() != '/' && slash != std::string::npos)
    *path = node.at.file.text().substr(0, slash + 1) + *path;
  return path;
}

void Reader::must_be_there(std::string path, bool secret, const model::Position& at) {
  named_files_.push_back({std::move(path), secret, at, where_of(path_)});
}

const model::Table* Reader::table(const Node& node) {
  const auto* table = std::get_if<model::Table>(&node.data);
  if (table == nullptr) wrong_type(node, "a table");
  return table;
}

std::vector<const Node*> Reader::one_or_many(const Node& node) const {
  const auto* items = std::get_if<model::Array>(&node.data);
  if (items == nullptr) return {&node};
  std::vector<const Node*> many;
  for (const Node& item : *items) many.push_back(&item);
  return many;
}

}  // namespace sundial::config
