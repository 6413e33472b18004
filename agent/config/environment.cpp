// .env files and ${NAME}.
#include "agent/config/environment.hpp"

#include <optional>

#include <fmt/format.h>

#include "platform/base/text.hpp"

namespace sundial::config {
namespace {

using model::Node;
using model::Problem;

constexpr int kMaxNestedDefaults = 8;

bool is_name(std::string_view text) {
  if (text.empty() || (text.front() >= '0' && text.front() <= '9')) return false;
  for (char c : text) {
    const bool good = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    if (!good) return false;
  }
  return true;
}

// The index of the brace that closes the one before `start`, or npos.
std::size_t closing_brace(std::string_view text, std::size_t start) {
  int open = 1;
  for (std::size_t i = start; i < text.size(); ++i) {
    if (text[i] == '{') ++open;
    if (text[i] == '}' && --open == 0) return i;
  }
  return std::string_view::npos;
}

// Replaces the references in one string; `wrong` says what could not be.
class Expansion {
 public:
  explicit Expansion(const Environment& environment) : environment_(environment) {}

  std::string expand(std::string_view text, int depth) {
    std::string expanded;
    while (!text.empty()) {
      const std::size_t dollar = text.find("${");
      if (dollar == std::string_view::npos) return expanded + std::string(text);
      expanded += text.substr(0, dollar);
      if (dollar > 0 && text[dollar - 1] == '$') {
        expanded += '{';
        text.remove_prefix(dollar + 2);
        continue;
      }
      const std::size_t end = closing_brace(text, dollar + 2);
      if (end == std::string_view::npos) {
        wrong = "'${' is not closed; for a literal '${' write '$${'";
        return {};
      }
      expanded += value_of(text.substr(dollar + 2, end - dollar - 2), depth);
      text.remove_prefix(end + 1);
    }
    return expanded;
  }

  std::string wrong;

 private:
  std::string value_of(std::string_view reference, int depth) {
    const std::size_t mark = reference.find(":-");
    const std::string_view name = reference.substr(0, mark);
    if (!is_name(name)) {
      wrong = fmt::format("'${{{}}}' names no environment variable; for a literal '${{' write '$${{'",
                          printable(reference, 60));
      return {};
    }
    const auto found = environment_.find(std::string(name));
    if (found != environment_.end() && (mark == std::string_view::npos || !found->second.empty())) {
      return found->second;
    }
    if (mark == std::string_view::npos) {
      wrong = fmt::format("the environment has no {}; set it, or write ${{{}:-default}}", name, name);
      return {};
    }
    if (depth >= kMaxNestedDefaults) {
      wrong = "defaults are nested too deep";
      return {};
    }
    return expand(reference.substr(mark + 2), depth + 1);
  }

  const Environment& environment_;
};

bool is_one_reference(std::string_view text) {
  return text.starts_with("${") && closing_brace(text, 2) == text.size() - 1;
}

class Substitution {
 public:
  Substitution(const Environment& environment, Substituted& done, std::vector<Problem>& problems)
      : environment_(environment), done_(done), problems_(problems) {}

  // The depth of a tree is bounded where it is made.
  void visit(Node& node) {
    if (auto* text = std::get_if<std::string>(&node.data)) {
      replace(*text, node.at);
    } else if (auto* items = std::get_if<model::Array>(&node.data)) {
      for (Node& item : *items) visit(item);
    } else if (auto* table = std::get_if<model::Table>(&node.data)) {
      for (model::Entry& entry : *table) {
        path_.push_back(entry.key);
        visit(entry.value);
        path_.pop_back();
      }
    }
  }

 private:
  void replace(std::string& text, const model::Position& at) {
    if (text.find("${") == std::string::npos) return;
    Expansion expansion(environment_);
    std::string expanded = expansion.expand(text, 0);
    if (!expansion.wrong.empty()) {
      problems_.push_back({at, where_of(path_), expansion.wrong});
      done_.missing.insert(place_of(at));
      return;
    }
    if (is_one_reference(text)) done_.whole.insert(place_of(at));
    text = std::move(expanded);
  }

  const Environment& environment_;
  Substituted& done_;
  std::vector<Problem>& problems_;
  std::vector<std::string> path_;
};

// The value of a .env line: in single quotes as it stands, in double quotes with \n \" \\, else
// trimmed and without a comment.
std::optional<std::string> env_value(std::string_view text) {
  text = trim(text);
  if (text.empty() || (text.front() != '"' && text.front() != '\'')) {
    const std::size_t comment = text.find(" #");
    return std::string(trim(text.substr(0, comment)));
  }
  const char quote = text.front();
  std::string value;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == quote) return value;
    if (quote == '"' && text[i] == '\\' && i + 1 < text.size()) {
      ++i;
      value += text[i] == 'n' ? '\n' : text[i];
    } else {
      value += text[i];
    }
  }
  return std::nullopt;
}

}  // namespace

std::string where_of(const std::vector<std::string>& path) {
  if (path.empty()) return "";
  const bool has_id = path[0] == "rule" || path[0] == "schedule" || path[0] == "webhook";
  std::string where = "[" + path[0];
  std::size_t next = 1;
  if (has_id && path.size() > 1) where += "." + printable(path[next++], 60);
  where += "]";
  for (std::string_view separator = " "; next < path.size(); ++next, separator = ".") {
    where += separator;
    where += printable(path[next], 60);
  }
  return where;
}

void read_env_file(std::string_view text, const std::string& file, Environment& environment,
                   std::vector<Problem>& problems) {
  int number = 0;
  for (std::string_view line : split(text, '\n')) {
    ++number;
    line = trim(line);
    if (line.empty() || line.front() == '#') continue;
    if (line.starts_with("export ")) line = trim(line.substr(7));
    const std::size_t equals = line.find('=');
    const std::string_view name = trim(line.substr(0, equals));
    const auto value = equals == std::string_view::npos ? std::nullopt : env_value(line.substr(equals + 1));
    if (!value || !is_name(name)) {
      problems.push_back({{file, number, 1}, "", "expected NAME=value"});
      continue;
    }
    environment.emplace(name, *value);
  }
}

void substitute(Node& tree, const Environment& environment, Substituted& done,
                std::vector<Problem>& problems) {
  Substitution(environment, done, problems).visit(tree);
}

}  // namespace sundial::config
