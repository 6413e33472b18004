// `sundial version`.
#include <ostream>

#include <CLI/CLI.hpp>

#include "agent/cli/verbs.hpp"
#include "agent/cli/version_number.hpp"

namespace sundial::cli {

void add_version(CLI::App& app, World& world, Chosen& chosen) {
  CLI::App* verb = app.add_subcommand("version", "Print the version");
  verb->callback([&world, &chosen] {
    chosen = [&world] {
      world.out << "sundial " << kVersion << '\n';
      return kExitDone;
    };
  });
}

}  // namespace sundial::cli
