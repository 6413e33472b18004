// Finding, reading and merging the files.
#include "agent/config/document.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "agent/config/environment.hpp"
#include "agent/config/sections.hpp"
#include "agent/config/toml_tree.hpp"

namespace sundial::config {
namespace {

using model::Entry;
using model::Node;
using model::Table;

constexpr std::size_t kLargestFile = 16 * 1024 * 1024;  // ten thousand schedules and more
constexpr std::size_t kLongestId = 900;

const TopTable* top_table(std::string_view name) {
  for (const TopTable& table : top_tables()) {
    if (table.name == name) return &table;
  }
  return nullptr;
}

bool is_file_id(std::string_view id) {
  return !id.empty() && id.size() <= kLongestId && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
}

Entry* find_entry(Table& table, std::string_view key) {
  const auto found =
      std::find_if(table.begin(), table.end(), [key](const Entry& entry) { return entry.key == key; });
  return found == table.end() ? nullptr : &*found;
}

void check_ids(const Entry& table, Document& document) {
  const auto* ids = std::get_if<Table>(&table.value.data);
  if (ids == nullptr) return;
  for (const Entry& entry : *ids) {
    if (is_file_id(entry.key)) continue;
    document.problems.push_back({entry.key_at, where_of({table.key, entry.key}),
                                 "an id in a file has letters, digits, '-', '_' and '.' only"});
  }
}

void report_unknown(const Entry& table, Document& document) {
  std::vector<std::string_view> names;
  for (const TopTable& known : top_tables()) names.push_back(known.name);
  const auto meant = did_you_mean(table.key, names);
  document.problems.push_back({table.key_at, where_of({table.key}),
                               meant ? fmt::format("unknown table; did you mean [{}]?", *meant)
                                     : fmt::format("unknown table; known are {}", fmt::join(names, ", "))});
}

// Adds the keys (or ids) of one table to those of earlier files.
void merge_table(Entry&& from, Document& document) {
  Table& root = *std::get_if<Table>(&document.root.data);
  Entry* there = find_entry(root, from.key);
  if (there == nullptr) {
    root.push_back(std::move(from));
    return;
  }
  auto* known = std::get_if<Table>(&there->value.data);
  auto* added = std::get_if<Table>(&from.value.data);
  if (known == nullptr || added == nullptr) {
    document.problems.push_back(
        {from.key_at, where_of({from.key}), "is set twice, and not a table in both places"});
    return;
  }
  for (Entry& entry : *added) {
    if (const Entry* first = find_entry(*known, entry.key)) {
      document.problems.push_back(
          {entry.key_at, where_of({from.key, entry.key}),
           fmt::format("is set twice; first at {}:{}", first->key_at.file.text(), first->key_at.line)});
    } else {
      known->push_back(std::move(entry));
    }
  }
}

void read_into(const Files& files, const std::string& path, Document& document) {
  document.files.push_back(path);
  const auto text = read_text(files, path, document);
  if (!text) return;
  if (trim(*text).empty()) document.notes.push_back(path + " is empty: it sets nothing");
  Node tree = parse_toml(*text, path, document.problems);
  for (Entry& entry : *std::get_if<Table>(&tree.data)) {
    const TopTable* known = top_table(entry.key);
    if (known == nullptr) {
      report_unknown(entry, document);
      continue;
    }
    if (known->by_id) check_ids(entry, document);
    merge_table(std::move(entry), document);
  }
}

std::string find_config_file(const Files& files) {
  for (const char* place : {"sundial.toml", "/etc/sundial/sundial.toml"}) {
    if (files.exists(place)) return place;
  }
  return {};
}

}  // namespace

std::optional<std::string> read_text(const Files& files, const std::string& path, Document& into) {
  Result<std::string> text = files.read(path, kLargestFile);
  if (!text) {
    into.problems.push_back({{path, 0, 0}, "", text.error().message()});
    return std::nullopt;
  }
  if (text.value().find('\0') != std::string::npos || !is_utf8(text.value())) {
    into.problems.push_back({{path, 0, 0}, "", "is no text in UTF-8"});
    return std::nullopt;
  }
  return std::move(text).value();
}

Document read_document(const Files& files, const std::string& config_file) {
  Document document;
  const std::string main = config_file.empty() ? find_config_file(files) : config_file;
  if (main.empty()) return document;
  read_into(files, main, document);
  const std::size_t slash = main.rfind('/');
  const std::string folder = (slash == std::string::npos ? "" : main.substr(0, slash + 1)) + "conf.d";
  const auto names = files.list(folder);
  if (!names) {
    document.problems.push_back({{folder, 0, 0}, "", names.error().message()});
    return document;
  }
  const std::string within = folder + "/";
  for (const std::string& name : names.value()) {
    if (name.ends_with(".toml") && !name.starts_with('.')) read_into(files, within + name, document);
  }
  return document;
}

}  // namespace sundial::config
