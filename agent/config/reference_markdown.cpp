// The reference as Markdown.
#include <fmt/format.h>

#include "agent/config/reference.hpp"
#include "agent/config/sections.hpp"

namespace sundial::config {
namespace {

constexpr std::string_view kPreamble =
    R"(# Configuration reference
This page is generated from the tables by which the agent reads its configuration
(`sundial reference markdown`); a test fails where it is stale.

## Files and precedence
`--config FILE`, else `./sundial.toml`, else `/etc/sundial/sundial.toml`; each with the `conf.d/*.toml`
beside it, in name order. A key or an id that is set twice is an error. Without any file the defaults
below hold. The command line comes before the environment, the environment before the files.

A file is TOML in UTF-8 of at most 16 MiB. Files that it names (keys, certificates, secrets, `[store] path`)
are relative to the file that names them. A `*_file` that others may read is refused.

Every string may hold `${NAME}` or `${NAME:-default}` from the environment; the default holds where the name
is not set or empty. A string that is exactly one `${…}` takes its key's type, and `$${` is a literal `${`.
`--env-file FILE` adds `NAME=value` lines to the environment; by hand, `./.env` is read. What the environment
has already is kept.

## Values
| type | written as |
|---|---|
| duration | a number with `ms`, `s`, `m`, `h` or `d`, or several: `"90s"`, `"1h30m"` |
| size | a number with `B`, `KiB`, `MiB`, `GiB` (or `kB`, `MB`, `GB`), or a number of bytes |
| time | a TOML date-time with its offset, or the same as RFC 3339 text: `2026-01-01T00:00:00Z` |
| expression | a condition, see the page on expressions |
| template | text in which `{expression}` is replaced; a text that is one `{expression}` keeps its type |
| file | a path |
)";

std::string cell(std::string_view text) {
  std::string safe;
  for (char c : text) {
    if (c == '|') safe += '\\';
    safe += c;
  }
  return safe;
}

std::string code_list(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "`" : ", `") + word + "`";
  return text;
}

// A default in code where it is TOML, in words where it is said in words.
std::string default_cell(const Setting& setting) {
  if (setting.required) return "required";
  if (setting.fallback.empty()) return "";
  const bool toml = setting.fallback.find(' ') == std::string::npos || setting.fallback.front() == '"';
  return toml && setting.fallback.front() != '`' ? "`" + setting.fallback + "`" : setting.fallback;
}

std::string bounds(const Setting& setting) {
  if (setting.shape != Shape::integer && setting.shape != Shape::number) return "";
  if (setting.least && setting.most) return fmt::format(" {} to {}", *setting.least, *setting.most);
  if (setting.least) return fmt::format(" from {}", *setting.least);
  return "";
}

void add_rows(std::string& page, const std::vector<Setting>& settings, const std::string& prefix) {
  for (const Setting& setting : settings) {
    if (setting.shape == Shape::actions) continue;
    std::string meaning = setting.doc;
    if (!setting.choices.empty() && setting.shape == Shape::choice)
      meaning += " One of " + code_list(setting.choices) + ".";
    page += fmt::format("| `{}{}` | {}{} | {} | {} |\n", prefix, setting.name, type_in_words(setting),
                        bounds(setting), cell(default_cell(setting)), cell(meaning));
    add_rows(page, setting.inner, prefix + setting.name + ".");
  }
}

constexpr std::string_view kHead = "| key | type | default | meaning |\n|---|---|---|---|\n";

void add_actions(std::string& page) {
  page +=
      "\n## Actions\nKeys of schedules and rules, and of a rule's `back`. Each takes one table or a list; "
      "they happen in "
      "the order of the file, also where two kinds take turns.\n";
  for (const ActionDoc& action : action_docs()) {
    page += fmt::format("\n### `{}`\n{}\n\n{}", model::name_of(action.kind), action.doc, kHead);
    add_rows(page, action_settings(action.kind), "");
  }
}

void add_environment(std::string& page) {
  page += "\n## Environment\n| name | meaning |\n|---|---|\n";
  for (const EnvironmentName& name : environment_names())
    page += fmt::format("| `{}` | {} |\n", name.name, cell(name.doc));
}

}  // namespace

std::string type_in_words(const Setting& setting) {
  const auto word = [&setting]() -> std::string_view {
    switch (setting.shape) {
      case Shape::text:
        return "text";
      case Shape::boolean:
        return "true or false";
      case Shape::integer:
        return "integer";
      case Shape::number:
        return "number";
      case Shape::duration:
        return "duration";
      case Shape::size:
        return "size";
      case Shape::time:
        return "time";
      case Shape::choice:
        return "word";
      case Shape::file:
        return "file";
      case Shape::secret_file:
        return "secret file";
      case Shape::expression:
        return "expression";
      case Shape::templated:
        return "template";
      case Shape::table:
        return "table";
      case Shape::actions:
        return "action";
      case Shape::map:
        return "table of names";
      case Shape::value:
        return "any value";
      case Shape::values:
        return "list of any values";
    }
    return "";
  };
  return std::string(word()) + (setting.listable ? ", or a list" : "");
}

std::string reference_markdown() {
  std::string page(kPreamble);
  for (const TopTable& table : top_tables()) {
    page += fmt::format("\n## [{}{}]\n{}\n\n{}", table.name, table.by_id ? ".ID" : "", table.doc, kHead);
    add_rows(page, table.settings, "");
  }
  add_actions(page);
  add_environment(page);
  return page;
}

}  // namespace sundial::config
