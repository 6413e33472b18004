// `sundial run`: the agent itself.
#include <memory>

#include <CLI/CLI.hpp>

#include "agent/cli/configuration.hpp"
#include "agent/cli/verbs.hpp"

namespace sundial::cli {

void add_run(CLI::App& app, World& world, Chosen& chosen) {
  if (!world.run_agent) return;
  const auto options = std::make_shared<RunOptions>();
  CLI::App* verb = app.add_subcommand("run", "Run the agent until it is told to stop");
  add_config_flags(*verb, *options);
  verb->add_option("--state", options->state, "The directory that holds the state");
  verb->add_option("--listen", options->listen, "The address of the HTTP surface; \"\" for none");
  verb->add_option("--log-format", options->log_format, "auto, text or json")
      ->check(CLI::IsMember({"auto", "text", "json"}));
  verb->add_flag("--verbose", options->verbose, "Log what is otherwise only for debugging");
  verb->callback(
      [&world, &chosen, options] { chosen = [&world, options] { return world.run_agent(*options); }; });
}

}  // namespace sundial::cli
