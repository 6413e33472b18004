// `sundial eval`: an expression on a payload, once or line by line.
#include <istream>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "agent/cli/output_flags.hpp"
#include "agent/cli/verbs.hpp"
#include "agent/core/expression/expression.hpp"
#include "platform/base/time.hpp"
#include "platform/json/json.hpp"

namespace sundial::cli {
namespace {

struct EvalOptions {
  std::string expression;
  std::string payload;
  std::string topic;
  std::string now;
  OutputOptions output;  // a value is JSON in each form
  bool batch = false;
};

// What one evaluation is made on; the payload and the levels are borrowed.
struct Subject {
  const Value* payload = nullptr;
  std::vector<std::string> names;
  std::vector<std::string_view> levels;
  Instant now;
};

struct Answer {
  std::optional<Value> value;
  std::string error;
  bool compiled = false;
};

class Evaluator {
 public:
  explicit Evaluator(const World& world) : device_{world.host_name, world.system_time_zone} {
    using expression::Variable;
    scope_.variables = {Variable::payload, Variable::topic, Variable::message,
                        Variable::device,  Variable::now,   Variable::state};
    scope_.zones = &world.zones;
  }

  Answer evaluate(const std::string& text, const Subject& subject) const {
    expression::CompileProblem problem;
    const auto compiled = expression::Expression::compile(text, scope_, problem);
    if (!compiled) {
      return {std::nullopt, fmt::format("line {}, column {}: {}", problem.line, problem.column, problem.what),
              false};
    }
    const expression::StateView state;  // of a key that was never heard
    expression::Bindings bindings;
    bindings.payload = subject.payload;
    bindings.topic = {subject.names, subject.levels};
    bindings.device = &device_;
    bindings.now = subject.now;
    bindings.state = &state;
    const Result<Value> value = compiled->evaluate(bindings);
    if (!value) return {std::nullopt, value.error().message(), true};
    return {*value, {}, true};
  }

 private:
  expression::DeviceView device_;
  expression::Scope scope_;
};

Result<void> read_topic(const Value& topic, Subject& subject) {
  const Map* levels = topic.get_if<Map>();
  const Error wrong(ErrorKind::invalid,
                    "topic: an object of named levels is expected, such as {\"device\": \"a\"}");
  if (levels == nullptr) return wrong;
  for (const auto& [name, level] : *levels) {
    if (level.text() == nullptr) return wrong;
    subject.names.push_back(*name.text());
    subject.levels.emplace_back(*level.text());
  }
  return {};
}

class Batch {
 public:
  explicit Batch(World& world) : world_(world), evaluator_(world) {}

  int run() {
    for (std::string line; world_.out.good() && std::getline(world_.in, line);) {
      world_.out << json::write(answer(line)) << '\n';
      if (world_.in.rdbuf()->in_avail() <= 0) world_.out.flush();  // who asks line by line waits for this
    }
    return kExitDone;
  }

 private:
  Value answer(std::string_view line) {
    const auto request = json::parse(line);
    const Value* id = request ? request->find("id") : nullptr;
    Map reply;
    reply.set("id", id != nullptr ? *id : Value());
    const Answer given =
        request ? evaluate(*request) : Answer{std::nullopt, request.error().message(), false};
    if (given.value) {
      reply.set("value", *given.value);
    } else {
      reply.set("error", given.error);
      reply.set("stage", given.compiled ? "run" : "compile");
    }
    return reply;
  }

  Answer evaluate(const Value& request) {
    const Value* text = request.find("expr");
    if (text == nullptr || text->text() == nullptr)
      return {std::nullopt, "a line needs a text under expr", false};
    Subject subject;
    subject.payload = request.find("payload");
    subject.now = world_.now;
    if (const Value* topic = request.find("topic")) {
      if (const auto read = read_topic(*topic, subject); !read)
        return {std::nullopt, read.error().message(), true};
    }
    if (const Value* now = request.find("now"); now != nullptr && now->text() != nullptr) {
      const auto instant = parse_rfc3339(*now->text());
      if (!instant) return {std::nullopt, "now: " + instant.error().message(), true};
      subject.now = *instant;
    }
    return evaluator_.evaluate(*text->text(), subject);
  }

  World& world_;
  Evaluator evaluator_;
};

int usage(World& world, const std::string& what) {
  world.err << "sundial eval: " << what << '\n';
  return kExitUsage;
}

int evaluate_once(const EvalOptions& options, World& world) {
  Subject subject;
  subject.now = world.now;
  std::optional<Value> payload;
  std::optional<Value> topic;
  if (!options.payload.empty()) {
    auto read = json::parse(options.payload);
    if (!read) return usage(world, "--payload: " + read.error().message());
    payload = std::move(*read);
    subject.payload = &*payload;
  }
  if (!options.topic.empty()) {
    auto read = json::parse(options.topic);
    if (!read) return usage(world, "--topic: " + read.error().message());
    topic = std::move(*read);
    if (const auto levels = read_topic(*topic, subject); !levels)
      return usage(world, levels.error().message());
  }
  if (!options.now.empty()) {
    const auto read = parse_rfc3339(options.now);
    if (!read) return usage(world, "--now: " + read.error().message());
    subject.now = *read;
  }
  const Answer answer = Evaluator(world).evaluate(options.expression, subject);
  if (!answer.value) {
    world.err << "sundial eval: " << answer.error << '\n';
    return answer.compiled ? kExitFailed : kExitConfiguration;
  }
  world.out << json::write(*answer.value) << '\n';
  return kExitDone;
}

}  // namespace

void add_eval(CLI::App& app, World& world, Chosen& chosen) {
  CLI::App* verb =
      app.add_subcommand("eval", "Evaluate an expression on a payload and print its value as JSON");
  auto options = std::make_shared<EvalOptions>();
  verb->add_option("expression", options->expression, "Such as 'payload.temperature > 80.0'");
  verb->add_option("--payload", options->payload, "The payload, as JSON");
  verb->add_option("--topic", options->topic, "The topic's named levels, as a JSON object");
  verb->add_option("--now", options->now, "The time that `now` means (default: this moment)");
  verb->add_flag("--batch", options->batch,
                 R"(Read {"id","expr","payload","topic","now"} a line, answer a line each)");
  add_output_flags(*verb, options->output);
  verb->callback([options, &world, &chosen] {
    chosen = [options, &world] {
      if (options->batch) return Batch(world).run();
      if (options->expression.empty()) return usage(world, "an expression is expected, or --batch");
      return evaluate_once(*options, world);
    };
  });
}

}  // namespace sundial::cli
