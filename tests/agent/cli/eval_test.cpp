// `sundial eval` as its users see it; the corpus in tests/data/cel goes through it line by line.
#include <cmath>
#include <ctime>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "agent/core/expression/value_semantics.hpp"
#include "platform/json/json.hpp"
#include "tests/agent/cli/command.hpp"

namespace sundial::cli {
namespace {

Outcome run(std::vector<std::string> arguments, const std::string& input = "") {
  arguments.insert(arguments.begin(), "eval");
  return run_command(arguments, input);
}

// [text, times] lists, joined.
std::string build(const Value& parts) {
  std::string text;
  for (const Value& part : *parts.get_if<List>()) {
    const List& pair = *part.get_if<List>();
    for (std::int64_t i = 0; i < *pair[1].get_if<std::int64_t>(); ++i) text += *pair[0].text();
  }
  return text;
}

// The JSON text of the payload of a line of the corpus; empty where it has none.
std::string payload_of(const Value& line) {
  if (const Value* payload = line.find("payload")) return json::write(*payload);
  if (const Value* text = line.find("payload_json")) return *text->text();
  const Value* parts = line.find("payload_build");
  if (parts == nullptr) return "";
  if (const Value* list = parts->find("list")) {
    const List& pair = *list->get_if<List>();
    return json::write(List(static_cast<std::size_t>(*pair[1].get_if<std::int64_t>()), pair[0]));
  }
  Map map;
  for (const auto& [name, part] : *parts->get_if<Map>()) map.append(name, build(part));
  return json::write(map);
}

std::string request_of(const Value& line) {
  const Value* expr = line.find("expr");
  std::string request = R"({"id":)" + json::write(*line.find("id")) + R"(,"expr":)" +
                        json::quote(expr != nullptr ? *expr->text() : build(*line.find("build")));
  if (const std::string payload = payload_of(line); !payload.empty()) request += R"(,"payload":)" + payload;
  for (std::string_view field : {"topic", "now"}) {
    if (const Value* value = line.find(field))
      request += "," + json::quote(field) + ":" + json::write(*value);
  }
  return request + "}";
}

// Compares as the corpus' README says.
class Comparison {
 public:
  Comparison(bool typed, bool time) : typed_(typed), time_(time) {}

  bool same(const Value& wanted, const Value& given) const {
    if (expression::is_number(wanted) && expression::is_number(given)) return same_number(wanted, given);
    const List* list = wanted.get_if<List>();
    if (list != nullptr) {
      const List* other = given.get_if<List>();
      if (other == nullptr || other->size() != list->size()) return false;
      for (std::size_t i = 0; i < list->size(); ++i) {
        if (!same((*list)[i], (*other)[i])) return false;
      }
      return true;
    }
    if (const Map* map = wanted.get_if<Map>()) {
      const Map* other = given.get_if<Map>();
      if (other == nullptr || other->size() != map->size()) return false;
      for (const auto& [name, value] : *map) {
        const Value* member = other->find(*name.text());
        if (member == nullptr || !same(value, *member)) return false;
      }
      return true;
    }
    return wanted == given || (time_ && same_time(wanted, given));
  }

 private:
  bool same_number(const Value& wanted, const Value& given) const {
    const bool doubles = wanted.is<double>() || given.is<double>();
    if (typed_ && wanted.is<double>() != given.is<double>()) return false;
    if (expression::equal(wanted, given)) return true;
    const double a = expression::as_double(wanted);
    const double b = expression::as_double(given);
    return doubles && std::abs(a - b) <= 1e-12 * std::max(std::abs(a), std::abs(b));
  }

  static bool same_time(const Value& wanted, const Value& given) {
    if (wanted.text() == nullptr || given.text() == nullptr) return false;
    const auto a = parse_rfc3339(*wanted.text());
    const auto b = parse_rfc3339(*given.text());
    return a && b && *a == *b;
  }

  bool typed_;
  bool time_;
};

bool fits(const Value& line, const Value& expected, const Value& answer) {
  const Value* stage = answer.find("stage");
  const Value* error = expected.find("error");
  if (error != nullptr && expected.get_if<Map>()->size() == 1) {
    return stage != nullptr && (*error->text() == "any" || *error->text() == *stage->text());
  }
  const Value* value = answer.find("value");
  const bool typed = line.find("typed") != nullptr;
  return value != nullptr && Comparison(typed, *line.find("kind")->text() == "time").same(expected, *value);
}

// Where the message says the mistake is; "line 1, column 9: …".
bool points_well(const Value& line, const Value& answer) {
  const Value* place = line.find("pos");
  if (place == nullptr || answer.find("error") == nullptr) return true;
  int row = 0;
  int column = 0;
  if (std::sscanf(answer.find("error")->text()->c_str(), "line %d, column %d", &row, &column) != 2)
    return false;
  const List& wanted = *place->get_if<List>();
  return row == *wanted[0].get_if<std::int64_t>() &&
         std::abs(column - *wanted[1].get_if<std::int64_t>()) <= 3;
}

void judge(const Value& line, std::string_view answered) {
  const std::string& id = *line.find("id")->text();
  const auto answer = json::parse(answered);
  ASSERT_TRUE(answer) << id << ": " << answered.substr(0, 200);
  bool right = fits(line, *line.find("expect"), *answer);
  if (const Value* also = line.find("also")) {
    for (const Value& other : *also->get_if<List>()) right = right || fits(line, other, *answer);
  }
  EXPECT_TRUE(right) << id << ": " << json::write(line).substr(0, 400) << "\n  answered "
                     << answered.substr(0, 300);
  EXPECT_TRUE(points_well(line, *answer))
      << id << ": " << json::write(line).substr(0, 200) << "\n  " << answered;
}

std::vector<Value> corpus(const std::string& name = "examples") {
  std::vector<Value> lines;
  std::ifstream file(SUNDIAL_TEST_DATA "/cel/" + name + ".jsonl");
  for (std::string text; std::getline(file, text);) lines.push_back(*json::parse(text));
  return lines;
}

bool is_hostile(const Value& line) {
  return *line.find("kind")->text() == "hostile";
}

void judge_as_one_batch(const std::vector<Value>& lines) {
  std::string requests;
  for (const Value& line : lines) requests += request_of(line) + "\n";
  std::istringstream answers(run({"--batch"}, requests).out);
  for (const Value& line : lines) {
    std::string answer;
    ASSERT_TRUE(std::getline(answers, answer));
    judge(line, answer);
  }
}

TEST(Eval, AnswersEveryLineOfTheCorpus) {
  std::vector<Value> lines = corpus();
  EXPECT_EQ(lines.size(), 752U);
  std::erase_if(lines, is_hostile);
  judge_as_one_batch(lines);
}

TEST(Eval, AgreesWithCelsOwnConformanceCases) {
  const std::vector<Value> lines = corpus("conformance");
  EXPECT_EQ(lines.size(), 1060U);
  judge_as_one_batch(lines);
}

// Of processor time. A sanitizer multiplies it, and has other questions.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr double kMostSeconds = 100;
#else
constexpr double kMostSeconds = 5;
#endif

TEST(Eval, AnswersWhatIsHostileWithinSeconds) {
  for (const Value& line : corpus()) {
    if (!is_hostile(line)) continue;
    const std::clock_t begin = std::clock();
    const Outcome outcome = run({"--batch"}, request_of(line) + "\n");
    EXPECT_LT(static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC, kMostSeconds)
        << *line.find("id")->text();
    judge(line, outcome.out);
  }
}

TEST(Eval, PrintsTheValueAsJson) {
  const Outcome outcome = run({"payload.t * 2.0", "--payload", R"({"t": 10.5})"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.out, "21.0\n");
}

TEST(Eval, ExitsWith78WhereItDoesNotCompile) {
  const Outcome outcome = run({"payload.t >"});
  EXPECT_EQ(outcome.exit_code, 78);
  EXPECT_EQ(outcome.out, "");
  EXPECT_NE(outcome.err.find("line 1, column 12"), std::string::npos) << outcome.err;
}

TEST(Eval, ExitsWith1WhereItFailsOnThisPayload) {
  EXPECT_EQ(run({"payload.missing > 1", "--payload", "{}"}).exit_code, 1);
  EXPECT_EQ(run({"payload > 1"}).exit_code, 1);
}

TEST(Eval, RefusesABadCommandLine) {
  EXPECT_EQ(run({}).exit_code, 64);
  EXPECT_EQ(run({"1", "--payload", "{"}).exit_code, 64);
  EXPECT_EQ(run({"1", "--now", "noon"}).exit_code, 64);
}

TEST(Eval, AnswersEachLineOfABatch) {
  const Outcome outcome = run({"--batch"}, "{\"id\":1,\"expr\":\"1 + 1\"}\nnonsense\n{\"id\":\"x\"}\n");
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.out.substr(0, 19), "{\"id\":1,\"value\":2}\n");
  EXPECT_EQ(std::count(outcome.out.begin(), outcome.out.end(), '\n'), 3);
}

}  // namespace
}  // namespace sundial::cli
