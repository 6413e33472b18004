// `sundial version`, and --version.
#include <memory>
#include <ostream>

#include <CLI/CLI.hpp>

#include "agent/cli/output_flags.hpp"
#include "agent/cli/verbs.hpp"
#include "agent/cli/version_number.hpp"
#include "platform/json/json.hpp"

namespace sundial::cli {

void add_version(CLI::App& app, World& world, Chosen& chosen) {
  app.set_version_flag("--version", std::string("sundial ") + kVersion, "Print the version");
  CLI::App* verb = app.add_subcommand("version", "Print the version");
  auto options = std::make_shared<OutputOptions>();
  add_output_flags(*verb, *options);
  verb->callback([&world, &chosen, options] {
    chosen = [&world, options] {
      if (options->text()) {
        world.out << "sundial " << kVersion << '\n';
      } else {
        world.out << json::write(Map::of({{Value("version"), Value(kVersion)}})) << '\n';
      }
      return kExitDone;
    };
  });
}

}  // namespace sundial::cli
