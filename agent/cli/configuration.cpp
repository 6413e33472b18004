// Finding and loading the configuration for the verbs.
#include "agent/cli/configuration.hpp"

#include <ostream>

#include <CLI/CLI.hpp>

namespace sundial::cli {

void add_config_flags(CLI::App& verb, RunOptions& options) {
  verb.add_option("--config", options.config_file,
                  "The configuration; else ./sundial.toml, else /etc/sundial/sundial.toml")
      ->type_name("FILE");
  verb.add_option("--env-file", options.env_file, "Adds NAME=value lines to the environment; else ./.env")
      ->type_name("FILE");
}

config::Sources sources_of(const World& world, const RunOptions& options) {
  config::Sources sources;
  sources.config_file = options.config_file;
  sources.environment = world.environment;
  sources.state = options.state;
  sources.listen = options.listen;
  sources.log_format = options.log_format;
  sources.verbose = options.verbose;
  sources.host_name = world.host_name;
  sources.system_time_zone = world.system_time_zone;
  sources.zones = &world.zones;
  sources.files = world.files;
  // systemd gives each start of a unit an id; there, the unit says what the environment is.
  const bool by_hand = !world.environment.contains("INVOCATION_ID");
  if (!options.env_file.empty()) {
    sources.env_files.push_back(options.env_file);
  } else if (by_hand && world.files.exists(".env")) {
    sources.env_files.emplace_back(".env");
  }
  return sources;
}

std::optional<config::Loaded> load_configuration(World& world, const RunOptions& options, Purpose purpose) {
  config::Sources sources = sources_of(world, options);
  sources.look_at_files = purpose == Purpose::agent;
  config::Loaded loaded = config::load(sources);
  if (!loaded.problems.empty()) {
    print_problems(world, std::move(loaded.problems), loaded.files);
    return std::nullopt;
  }
  return loaded;
}

void print_problems(World& world, std::vector<model::Problem> problems,
                    const std::vector<std::string>& files) {
  config::sort_problems(problems, files);
  for (const model::Problem& problem : problems) world.err << model::format_problem(problem) << '\n';
}

}  // namespace sundial::cli
