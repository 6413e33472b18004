// Runs one command line in this process, in a world that the test makes, and keeps what it printed.
#pragma once

#include <functional>
#include <sstream>
#include <string>
#include <vector>

#include "agent/cli/verb.hpp"
#include "platform/zones/zones.hpp"

namespace sundial::cli {

struct Outcome {
  int exit_code = 0;
  std::string out;
  std::string err;
};

// `words` follow `sundial`. `prepare` changes what the command finds: files, clock, agent.
inline Outcome run_command(const std::vector<std::string>& words, const std::string& input = "",
                           const std::function<void(World&)>& prepare = {}) {
  const auto zones = system_zones();
  std::istringstream in(input);
  std::ostringstream out;
  std::ostringstream err;
  World world{.in = in,
              .out = out,
              .err = err,
              .zones = *zones,
              .environment = {},
              .now = *parse_rfc3339("2026-11-21T13:00:00Z"),
              .host_name = "pi",
              .system_time_zone = "Europe/Berlin",
              .run_agent = {}};
  if (prepare) prepare(world);
  std::vector<const char*> argv{"sundial"};
  for (const std::string& word : words) argv.push_back(word.c_str());
  const int exit_code = run_command_line(static_cast<int>(argv.size()), argv.data(), world);
  return {exit_code, out.str(), err.str()};
}

}  // namespace sundial::cli
