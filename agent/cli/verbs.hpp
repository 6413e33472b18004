// The verbs, one function a file: agent/cli/<verb>.cpp.
#pragma once

#include "agent/cli/verb.hpp"

namespace sundial::cli {

void add_check(CLI::App& app, World& world, Chosen& chosen);
void add_completion(CLI::App& app, World& world, Chosen& chosen);
void add_eval(CLI::App& app, World& world, Chosen& chosen);
void add_next(CLI::App& app, World& world, Chosen& chosen);
void add_reference(CLI::App& app, World& world, Chosen& chosen);
void add_version(CLI::App& app, World& world, Chosen& chosen);

}  // namespace sundial::cli
