// How a verb prints: --output, --json and --no-color, the same for all of them.
#pragma once

#include <string>

#include "agent/cli/verb.hpp"

namespace sundial::cli {

struct OutputOptions {
  std::string output = "text";
  bool no_color = false;

  bool text() const { return output == "text"; }
};

void add_output_flags(CLI::App& verb, OutputOptions& options);

// Red where it goes to a terminal with colours.
std::string alarming(const World& world, const OutputOptions& options, const std::string& text);

}  // namespace sundial::cli
