// Loads the configuration: files, environment and command line, with all that is wrong in one go.
#pragma once

#include <string>
#include <vector>

#include "agent/config/environment.hpp"
#include "agent/config/files.hpp"
#include "agent/core/model/settings.hpp"
#include "platform/base/time_zone.hpp"

namespace sundial::config {

// Where settings come from: command line before environment before file before default.
struct Sources {
  std::string config_file;             // --config; empty: ./sundial.toml, /etc/sundial/sundial.toml, or none
  std::vector<std::string> env_files;  // each adds to the environment
  Environment environment;
  std::string state;       // --state
  std::string listen;      // --listen
  std::string log_format;  // --log-format
  bool verbose = false;    // --verbose
  std::string host_name;
  std::string system_time_zone;
  const ZoneSource* zones = nullptr;  // to tell whether the device's zone is known; null: not looked at
  Files files;
  bool look_at_files = true;  // keys, certificates and secrets must be there; false: nothing is contacted
};

struct Loaded {
  model::Configuration configuration;    // complete, but in force only where there are no problems
  std::vector<model::Problem> problems;  // by file, line and column
  std::vector<std::string> notes;        // what was made of addresses and the like, one line each
  std::vector<std::string> files;        // what was read, in order
};

Loaded load(const Sources& sources);

// By the order of `files`, then line and column; what stands in no file comes last.
void sort_problems(std::vector<model::Problem>& problems, const std::vector<std::string>& files);

}  // namespace sundial::config
