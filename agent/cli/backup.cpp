// `sundial backup FILE`: a consistent copy of the state, also while the agent runs.
#include <ostream>

#include <CLI/CLI.hpp>

#include "agent/cli/configuration.hpp"
#include "agent/cli/progress.hpp"
#include "agent/cli/verbs.hpp"

namespace sundial::cli {
namespace {

int back_up(World& world, const RunOptions& options, const std::string& file) {
  const auto loaded = load_configuration(world, options, Purpose::offline);
  if (!loaded) return kExitConfiguration;
  const std::string& directory = loaded->configuration.store.path;
  if (!world.files.exists(directory + "/sundial.db")) {
    world.err << "sundial backup: there is no state in " << directory
              << "; say where it is with --state or --config\n";
    return kExitNotFound;
  }
  Progress progress(world.err, world.err_is_terminal, "pages");
  const auto tell = [&progress](std::uint64_t done, std::uint64_t all) { progress.show(done, all, done); };
  const auto copied = world.back_up(directory, file, tell);
  progress.clear();
  if (!copied) {
    world.err << "sundial backup: " << copied.error().message() << '\n';
    return kExitFailed;
  }
  world.err << "sundial backup: " << directory << " is copied to " << file << '\n';
  return kExitDone;
}

}  // namespace

void add_backup(CLI::App& app, World& world, Chosen& chosen) {
  CLI::App* verb = app.add_subcommand("backup", "Copy the state to a file, also while the agent runs");
  auto options = std::make_shared<RunOptions>();
  auto file = std::make_shared<std::string>();
  add_config_flags(*verb, *options);
  verb->add_option("--state", options->state, "Where the state is; else as `run` finds it")->type_name("DIR");
  verb->add_option("file", *file, "The copy to make")->required()->type_name("FILE");
  verb->callback([options, file, &world, &chosen] {
    chosen = [options, file, &world] { return back_up(world, *options, *file); };
  });
}

}  // namespace sundial::cli
