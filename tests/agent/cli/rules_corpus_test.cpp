// Every scenario of the rules corpus through `sundial replay`, compared as its README says.
#include <cmath>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include <gtest/gtest.h>

#include "platform/json/json.hpp"
#include "tests/agent/cli/command.hpp"

namespace sundial::cli {
namespace {

namespace fs = std::filesystem;

struct Rules {
  bool strict = false;
  bool ordered = false;
  double tolerance = 0;
};

bool same(const Value& expected, const Value& found, const Rules& rules);

bool same_number(const Value& expected, const Value& found, const Rules& rules) {
  const auto* left = expected.get_if<std::int64_t>();
  const auto* right = found.get_if<std::int64_t>();
  if (rules.strict && (left == nullptr) != (right == nullptr)) return false;
  if (left != nullptr && right != nullptr && rules.tolerance == 0) return *left == *right;
  const double a = left != nullptr ? static_cast<double>(*left) : *expected.get_if<double>();
  const double b = right != nullptr ? static_cast<double>(*right) : *found.get_if<double>();
  const double tolerance = rules.tolerance > 0 ? rules.tolerance : 1e-9;
  return a == b || std::fabs(a - b) <= tolerance * std::max(std::fabs(a), std::fabs(b));
}

bool same_text(const std::string& expected, const std::string& found) {
  if (expected == found) return true;
  const Result<Instant> left = parse_rfc3339(expected);
  const Result<Instant> right = parse_rfc3339(found);
  return left && right && *left == *right;
}

bool same_map(const Map& expected, const Map& found, const Rules& rules) {
  if (expected.size() != found.size()) return false;
  auto place = found.begin();
  for (const auto& [key, value] : expected) {
    if (rules.ordered && !(place->first == key)) return false;
    ++place;
    const Value* other = found.find(*key.text());
    if (other == nullptr || !same(value, *other, rules)) return false;
  }
  return true;
}

bool is_number(const Value& value) {
  return value.is<std::int64_t>() || value.is<double>();
}

bool same(const Value& expected, const Value& found, const Rules& rules) {
  if (is_number(expected) && is_number(found)) return same_number(expected, found, rules);
  if (expected.text() != nullptr && found.text() != nullptr)
    return same_text(*expected.text(), *found.text());
  const auto* left = expected.get_if<List>();
  const auto* right = found.get_if<List>();
  if (left != nullptr && right != nullptr) {
    return left->size() == right->size() &&
           std::equal(left->begin(), left->end(), right->begin(),
                      [&](const Value& a, const Value& b) { return same(a, b, rules); });
  }
  if (expected.is<Map>() && found.is<Map>())
    return same_map(*expected.get_if<Map>(), *found.get_if<Map>(), rules);
  return expected == found;
}

// A line of the output: null in `expected` is not compared, and members inside `action` alone are ordered.
bool same_line(const Value& expected, const Value& found, const Rules& rules) {
  Rules outer = rules;
  outer.ordered = false;
  const Map& left = *expected.get_if<Map>();
  const Map* right = found.get_if<Map>();
  if (right == nullptr || left.size() != right->size()) return false;
  for (const auto& [key, value] : left) {
    const Value* other = right->find(*key.text());
    if (other == nullptr) return false;
    if (value.is_null()) continue;
    if (*key.text() != "action") {
      if (!same(value, *other, outer)) return false;
      continue;
    }
    if (!value.is<Map>() || !other->is<Map>() || value.get_if<Map>()->size() != other->get_if<Map>()->size())
      return false;
    for (const auto& [name, member] : *value.get_if<Map>()) {
      const Value* there = other->find(*name.text());
      if (there == nullptr || !same(member, *there, rules)) return false;
    }
  }
  return true;
}

class Scenario {
 public:
  explicit Scenario(const Value& scenario) : scenario_(scenario) {
    folder_ = fs::path(testing::TempDir()) / ("rules-corpus-" + text("id"));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    write("config.toml", text("config"));
    if (const Value* files = scenario.find("files")) {
      if (const Map* all = files->get_if<Map>()) {
        for (const auto& [path, content] : *all) write(*path.text(), *content.text());
      }
    }
    std::string messages;
    if (const Value* all = scenario.find("messages")) {
      if (const List* list = all->get_if<List>()) {
        for (const Value& message : *list) messages += json::write(message) + "\n";
      }
    }
    write("messages.jsonl", messages);
  }
  ~Scenario() { fs::remove_all(folder_); }

  // What does not fit, or nothing.
  std::string run() {
    const std::string config = (folder_ / "config.toml").string();
    const std::string messages = (folder_ / "messages.jsonl").string();
    std::vector<std::string> arguments{"replay", messages, "--config", config};
    if (flag("all")) arguments.emplace_back("--all");
    const Value* until = scenario_.find("until");
    if (until != nullptr && until->text() != nullptr) {
      arguments.emplace_back("--until");
      arguments.push_back(*until->text());
    }
    const Outcome outcome = run_command(arguments, "", [](World& world) {
      world.host_name = "host";
      world.system_time_zone = "UTC";
    });
    return judge(outcome.exit_code, outcome.out, outcome.err);
  }

 private:
  std::string text(std::string_view key) const {
    const Value* value = scenario_.find(key);
    return value == nullptr || value->text() == nullptr ? std::string() : *value->text();
  }
  bool flag(std::string_view key) const {
    const Value* value = scenario_.find(key);
    const bool* truth = value == nullptr ? nullptr : value->get_if<bool>();
    return truth != nullptr && *truth;
  }
  const Value* present(std::string_view key) const {
    const Value* value = scenario_.find(key);
    return value == nullptr || value->is_null() ? nullptr : value;
  }

  void write(const std::string& path, const std::string& content) const {
    fs::create_directories((folder_ / path).parent_path());
    std::ofstream(folder_ / path, std::ios::binary) << content;
  }

  std::string judge(int code, const std::string& out, const std::string& err) const {
    const Value* exit = present("expect_exit");
    const int expected_code = exit == nullptr ? 0 : static_cast<int>(*exit->get_if<std::int64_t>());
    if (code != expected_code) return "exit " + std::to_string(code) + "\n" + out + err;
    if (exit != nullptr) return judge_refusal(out, err);
    std::vector<Value> found;
    std::istringstream lines(out);
    for (std::string line; std::getline(lines, line);) {
      const Result<Value> parsed = json::parse(line);
      if (!parsed) return "no JSON: " + line;
      found.push_back(*parsed);
    }
    Rules rules{flag("strict"), flag("ordered"), 0};
    if (const Value* tolerance = present("tolerance")) rules.tolerance = *tolerance->get_if<double>();
    const List& expected = *scenario_.find("expect")->get_if<List>();
    for (std::size_t i = 0; i < std::max(expected.size(), found.size()); ++i) {
      const bool both = i < expected.size() && i < found.size();
      if (both && same_line(expected[i], found[i], rules)) continue;
      return "line " + std::to_string(i + 1) + "\n  expected " +
             (i < expected.size() ? json::write(expected[i]) : "nothing") + "\n  found    " +
             (i < found.size() ? json::write(found[i]) : "nothing") + "\n" + err;
    }
    if (const Value* raw = present("raw")) {
      for (const Value& one : *raw->get_if<List>()) {
        if (out.find(*one.text()) == std::string::npos) return "not there: " + *one.text() + "\n" + out;
      }
    }
    return judge_errors(err);
  }

  std::string judge_errors(const std::string& err) const {
    const std::string pattern = text("expect_stderr");
    return pattern.empty() || std::regex_search(err, std::regex(pattern)) ? "" : "standard error: " + err;
  }

  static bool names_line(const std::string& err, std::int64_t line) {
    return std::regex_search(err, std::regex("config\\.toml:" + std::to_string(line) + ":[0-9]+:"));
  }

  std::string judge_refusal(const std::string& out, const std::string& err) const {
    if (!out.empty()) return "standard output: " + out;
    if (const Value* line = present("expect_line")) {
      const List any = line->is<List>() ? *line->get_if<List>() : List{*line};
      const bool named = std::any_of(any.begin(), any.end(), [&](const Value& one) {
        return names_line(err, *one.get_if<std::int64_t>());
      });
      if (!named) return "line " + json::write(*line) + " is not named: " + err;
    }
    if (const Value* lines = present("expect_lines")) {
      for (const Value& one : *lines->get_if<List>()) {
        if (!names_line(err, *one.get_if<std::int64_t>()))
          return "line " + json::write(one) + " is not named: " + err;
      }
    }
    return judge_errors(err);
  }

  const Value& scenario_;
  fs::path folder_;
};

std::size_t run_all(const char* name) {
  std::ifstream file(fs::path(SUNDIAL_TEST_DATA) / "rules" / name);
  std::size_t count = 0;
  for (std::string line; std::getline(file, line); ++count) {
    const Result<Value> scenario = json::parse(line);
    EXPECT_TRUE(scenario) << name << " line " << count + 1;
    if (!scenario) continue;
    EXPECT_EQ(Scenario(*scenario).run(), "") << *scenario->find("id")->text();
  }
  return count;
}

TEST(RulesCorpus, EveryScenario) {
  EXPECT_EQ(run_all("examples.jsonl"), 122U);
}

// Our own, for lines of the text that the examples leave out.
TEST(RulesCorpus, EveryScenarioOfOurOwn) {
  EXPECT_EQ(run_all("more.jsonl"), 44U);
}

}  // namespace
}  // namespace sundial::cli
