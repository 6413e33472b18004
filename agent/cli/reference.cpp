// `sundial reference`: the references of configuration and command line, as pages, schema and .env file.
#include <functional>
#include <map>
#include <memory>
#include <ostream>

#include <CLI/CLI.hpp>

#include "agent/cli/command_tree.hpp"
#include "agent/cli/verbs.hpp"
#include "agent/config/reference.hpp"
#include "platform/json/json.hpp"

namespace sundial::cli {
namespace {

using Form = std::function<std::string(const CLI::App&)>;

const std::map<std::string, Form>& forms() {
  static const std::map<std::string, Form> known{
      {"commands", [](const CLI::App& app) { return command_manual(commands_of(app)); }},
      {"environment", [](const CLI::App&) { return config::reference_environment(); }},
      {"manual", [](const CLI::App&) { return config::reference_manual(); }},
      {"markdown", [](const CLI::App&) { return config::reference_markdown(); }},
      {"schema", [](const CLI::App&) { return json::write_pretty(config::reference_schema()) + "\n"; }},
  };
  return known;
}

}  // namespace

void add_reference(CLI::App& app, World& world, Chosen& chosen) {
  const auto form = std::make_shared<std::string>("markdown");
  CLI::App* verb =
      app.add_subcommand("reference", "Print the reference of the configuration or of the commands");
  verb->add_option(
          "FORM", *form,
          "markdown or manual (sundial.toml(5)), schema (JSON Schema for editors), environment (.env), or "
          "commands (sundial(1))")
      ->check(CLI::IsMember({"markdown", "manual", "schema", "environment", "commands"}));
  verb->callback([&app, &world, &chosen, form] {
    chosen = [&app, &world, form] {
      world.out << forms().at(*form)(app);
      return kExitDone;
    };
  });
}

}  // namespace sundial::cli
