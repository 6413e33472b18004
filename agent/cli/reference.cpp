// `sundial reference`: the reference of the configuration, as pages, as a schema, as a .env file.
#include <functional>
#include <map>
#include <memory>
#include <ostream>

#include <CLI/CLI.hpp>

#include "agent/cli/verbs.hpp"
#include "agent/config/reference.hpp"
#include "platform/json/json.hpp"

namespace sundial::cli {
namespace {

const std::map<std::string, std::function<std::string()>>& forms() {
  static const std::map<std::string, std::function<std::string()>> known{
      {"markdown", config::reference_markdown},
      {"manual", config::reference_manual},
      {"schema", [] { return json::write_pretty(config::reference_schema()) + "\n"; }},
      {"environment", config::reference_environment},
  };
  return known;
}

}  // namespace

void add_reference(CLI::App& app, World& world, Chosen& chosen) {
  const auto form = std::make_shared<std::string>("markdown");
  CLI::App* verb = app.add_subcommand("reference", "Print the reference of the configuration");
  verb->add_option("FORM", *form,
                   "markdown, manual (for man), schema (JSON Schema for editors) or environment (.env)")
      ->check(CLI::IsMember({"markdown", "manual", "schema", "environment"}));
  verb->callback([&world, &chosen, form] {
    chosen = [&world, form] {
      world.out << forms().at(*form)();
      return kExitDone;
    };
  });
}

}  // namespace sundial::cli
