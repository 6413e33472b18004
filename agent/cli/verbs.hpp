// The verbs, one function a file: agent/cli/<verb>.cpp.
#pragma once

#include "agent/cli/verb.hpp"

namespace sundial::cli {

void add_backup(CLI::App& app, World& world, Chosen& chosen);
void add_check(CLI::App& app, World& world, Chosen& chosen);
void add_completion(CLI::App& app, World& world, Chosen& chosen);
void add_doctor(CLI::App& app, World& world, Chosen& chosen);
void add_eval(CLI::App& app, World& world, Chosen& chosen);
void add_events(CLI::App& app, World& world, Chosen& chosen);
void add_explain(CLI::App& app, World& world, Chosen& chosen);
void add_next(CLI::App& app, World& world, Chosen& chosen);
void add_outbox(CLI::App& app, World& world, Chosen& chosen);
void add_record(CLI::App& app, World& world, Chosen& chosen);
void add_reference(CLI::App& app, World& world, Chosen& chosen);
void add_replay(CLI::App& app, World& world, Chosen& chosen);
void add_reload(CLI::App& app, World& world, Chosen& chosen);
void add_rule(CLI::App& app, World& world, Chosen& chosen);
void add_schedule(CLI::App& app, World& world, Chosen& chosen);
void add_status(CLI::App& app, World& world, Chosen& chosen);
void add_workflow(CLI::App& app, World& world, Chosen& chosen);
void add_run(CLI::App& app, World& world, Chosen& chosen);
void add_version(CLI::App& app, World& world, Chosen& chosen);

}  // namespace sundial::cli
