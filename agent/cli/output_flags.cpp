// How a verb prints.
#include "agent/cli/output_flags.hpp"

#include <CLI/CLI.hpp>

namespace sundial::cli {

void add_output_flags(CLI::App& verb, OutputOptions& options) {
  verb.add_option("-o,--output", options.output, "text, json or jsonl")
      ->check(CLI::IsMember({"text", "json", "jsonl"}));
  verb.add_flag_callback(
      "--json", [&options] { options.output = "json"; }, "Short for --output json");
  verb.add_flag("--no-color", options.no_color, "No colours, also on a terminal");
}

std::string alarming(const World& world, const OutputOptions& options, const std::string& text) {
  return world.terminal.colour && !options.no_color ? "\033[1;31m" + text + "\033[0m" : text;
}

}  // namespace sundial::cli
