// A verb under a verb that talks to the running agent: its flags, and a session when it was chosen.
#pragma once

#include <memory>

#include <CLI/CLI.hpp>

#include "agent/cli/agent_session.hpp"

namespace sundial::cli {

// `Options` has a member `session`; the verbs beside each other share one of them.
template <typename Options>
CLI::App* add_action(CLI::App& verb, World& world, Chosen& chosen, const char* name, const char* help,
                     const std::shared_ptr<Options>& options, int (*action)(Session&, const Options&)) {
  CLI::App* sub = verb.add_subcommand(name, help);
  add_session_flags(*sub, options->session);
  sub->callback([&world, &chosen, options, action] {
    chosen = [&world, options, action] {
      return with_session(world, options->session,
                          [&](Session& session) { return action(session, *options); });
    };
  });
  return sub;
}

}  // namespace sundial::cli
