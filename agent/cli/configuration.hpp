// The configuration, as every verb that reads it finds, loads and complains about it.
#pragma once

#include <optional>
#include <vector>

#include "agent/cli/verb.hpp"
#include "agent/config/load.hpp"

namespace sundial::cli {

// Adds --config and --env-file.
void add_config_flags(CLI::App& verb, RunOptions& options);

// Everything that the verb's flags and the world say about the configuration. ./.env is read where
// no --env-file was given and no service manager started us.
config::Sources sources_of(const World& world, const RunOptions& options);

// What the configuration is for. The agent needs the keys and certificates that it names, and says
// what it made of addresses; who contacts nothing needs neither.
enum class Purpose { agent, offline };

// Loads it; with problems, prints all of them and gives nothing: the verb then exits with 78.
std::optional<config::Loaded> load_configuration(World& world, const RunOptions& options, Purpose purpose);

// One line each on standard error, by file and line.
void print_problems(World& world, std::vector<model::Problem> problems,
                    const std::vector<std::string>& files);

}  // namespace sundial::cli
