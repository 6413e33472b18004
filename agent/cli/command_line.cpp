// Parses the command line and runs the chosen verb.
#include <ostream>

#include <CLI/CLI.hpp>

#include "agent/cli/verbs.hpp"

namespace sundial::cli {

const std::vector<AddVerb>& all_verbs() {
  // One a line, so that two new verbs do not meet in one.
  // clang-format off
  static const std::vector<AddVerb> verbs{
      add_backup,
      add_check,
      add_completion,
      add_doctor,
      add_eval,
      add_next,
      add_status,
      add_events,
      add_explain,
      add_reload,
      add_outbox,
      add_rule,
      add_schedule,
      add_reference,
      add_workflow,
      add_record,
      add_replay,
      add_run,
      add_version,
  };
  // clang-format on
  return verbs;
}

int run_command_line(int argc, const char* const* argv, World& world) {
  CLI::App app("Turns time and sensor messages into Temporal workflows, and loses none of them.", "sundial");
  app.require_subcommand(1);
  Chosen chosen;
  for (AddVerb add : all_verbs()) add(app, world, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help, world.out, world.err);
  } catch (const CLI::CallForAllHelp& help) {
    return app.exit(help, world.out, world.err);
  } catch (const CLI::CallForVersion& version) {
    return app.exit(version, world.out, world.err);
  } catch (const CLI::ParseError& problem) {
    app.exit(problem, world.out, world.err);
    return kExitUsage;
  }
  return chosen ? chosen() : kExitUsage;
}

}  // namespace sundial::cli
