// `sundial check`: validates the configuration and says what it connects to.
#include <memory>
#include <ostream>

#include <CLI/CLI.hpp>

#include "agent/cli/configuration.hpp"
#include "agent/cli/output_flags.hpp"
#include "agent/cli/verbs.hpp"
#include "agent/config/summary.hpp"
#include "agent/core/engine/engine.hpp"
#include "platform/json/json.hpp"

namespace sundial::cli {
namespace {

struct CheckOptions {
  RunOptions run;
  bool connect = false;
  OutputOptions output;
};

Value problem_value(const model::Problem& problem) {
  Map map;
  map.set("file", problem.at.file.text());
  map.set("line", problem.at.line);
  map.set("column", problem.at.column);
  map.set("where", problem.where);
  map.set("message", problem.what);
  return map;
}

Value fact_value(const config::Fact& fact) {
  Map map;
  map.set("table", fact.table);
  map.set("key", fact.key);
  map.set("value", fact.value);
  return map;
}

class Check {
 public:
  Check(World& world, const CheckOptions& options) : world_(world), options_(options) {}

  int run() {
    const config::Loaded loaded = config::load(sources_of(world_, options_.run));
    std::vector<model::Problem> problems = loaded.problems;
    // What rules and schedules mean is known only once they are compiled.
    static_cast<void>(engine::Engine::create(loaded.configuration, world_.zones, problems));
    if (!problems.empty()) return refuse(std::move(problems), loaded.files);
    for (const std::string& note : loaded.notes) world_.err << "note: " << note << '\n';
    std::vector<config::Fact> facts = config::summary_of(loaded, world_.files);
    const bool reached = !options_.connect || try_connections(loaded, facts);
    if (by_line()) {
      for (const config::Fact& fact : facts) world_.out << json::write(fact_value(fact)) << '\n';
    } else {
      const bool red = world_.terminal.colour && !options_.output.no_color;
      world_.out << (options_.output.text() ? config::summary_text(facts, red)
                                            : json::write(config::summary_value(facts)) + "\n");
    }
    return reached ? kExitDone : kExitUnreachable;
  }

 private:
  bool by_line() const { return options_.output.output == "jsonl"; }

  int refuse(std::vector<model::Problem> problems, const std::vector<std::string>& files) {
    config::sort_problems(problems, files);
    if (by_line()) {
      for (const model::Problem& problem : problems)
        world_.out << json::write(problem_value(problem)) << '\n';
    } else if (!options_.output.text()) {
      List list;
      for (const model::Problem& problem : problems) list.push_back(problem_value(problem));
      Map map;
      map.set("problems", std::move(list));
      world_.out << json::write(map) << '\n';
    }
    print_problems(world_, std::move(problems), files);
    return kExitConfiguration;
  }

  // Adds what became of each connection; whether all of them answered.
  bool try_connections(const config::Loaded& loaded, std::vector<config::Fact>& facts) {
    bool reached = true;
    for (const ConnectionTrial& trial : world_.try_connections(loaded.configuration)) {
      facts.push_back({"connect", trial.name, trial.problem.empty() ? "reached" : trial.problem, false});
      reached = reached && trial.problem.empty();
    }
    return reached;
  }

  World& world_;
  const CheckOptions& options_;
};

}  // namespace

void add_check(CLI::App& app, World& world, Chosen& chosen) {
  const auto options = std::make_shared<CheckOptions>();
  CLI::App* verb = app.add_subcommand("check", "Validate the configuration and show what it connects to");
  add_config_flags(*verb, options->run);
  if (world.try_connections)
    verb->add_flag("--connect", options->connect, "Also try the broker and Temporal");
  add_output_flags(*verb, options->output);
  verb->callback(
      [&world, &chosen, options] { chosen = [&world, options] { return Check(world, *options).run(); }; });
}

}  // namespace sundial::cli
