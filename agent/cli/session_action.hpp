// A verb under a verb that talks to the running agent: its flags, and a session when it was chosen.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include <CLI/CLI.hpp>

#include "agent/cli/agent_session.hpp"

namespace sundial::cli {

// `Options` has a member `session`; the verbs beside each other share one of them. `elsewhere` may end
// the verb without the agent.
template <typename Options>
CLI::App* add_action(CLI::App& verb, World& world, Chosen& chosen, const char* name, const char* help,
                     const std::shared_ptr<Options>& options, int (*action)(Session&, const Options&),
                     std::function<std::optional<int>()> elsewhere = {}) {
  CLI::App* sub = verb.add_subcommand(name, help);
  add_session_flags(*sub, options->session);
  sub->callback([&world, &chosen, options, action, elsewhere = std::move(elsewhere)] {
    chosen = [&world, options, action, elsewhere] {
      if (const std::optional<int> code = elsewhere ? elsewhere() : std::nullopt) return *code;
      return with_session(world, options->session,
                          [&](Session& session) { return action(session, *options); });
    };
  });
  return sub;
}

}  // namespace sundial::cli
