// `--durable`: the call goes into the running agent's outbox, which sees to it that it arrives.
#include <fmt/format.h>

#include <ostream>

#include "agent/cli/agent_session.hpp"
#include "agent/cli/workflow.hpp"
#include "platform/base/text.hpp"

namespace sundial::cli {
namespace {

struct Target {
  std::string path;
  Map body;
};

// The agent's call for the action, and what of it goes into its body.
Target target_of(const model::OutboxRecord& record) {
  const std::string one = "/api/v1/workflows/" + percent_encode(record.lane);
  const auto text = [&record](std::string_view key) { return *record.action.find(key)->text(); };
  Target target{one, record.action};
  switch (record.kind) {
    case model::ActionKind::signal:
      target.path += "/signal/" + percent_encode(text("name"));
      target.body.erase("name");
      break;
    case model::ActionKind::signal_with_start:
      target.path += "/signal-with-start/" + percent_encode(text("name"));
      target.body.erase("name");
      break;
    case model::ActionKind::cancel:
      target.path += "/cancel";
      break;
    case model::ActionKind::terminate:
      target.path += "/terminate";
      break;
    default:
      target.path = "/api/v1/workflows";
      return target;  // a start's id is a member
  }
  target.body.erase("id");
  return target;
}

// The flag that would send it elsewhere than the agent sends; empty where there is none.
std::string names_another_server(const WorkflowOptions& options) {
  if (!options.address.empty()) return "--address";
  if (!options.name_space.empty()) return "--namespace";
  if (!options.api_key.empty()) return "--api-key";
  const bool certificates = !options.tls_cert.empty() || !options.tls_key.empty() ||
                            !options.tls_ca.empty() || !options.tls_server_name.empty();
  return options.tls || options.tls_unverified || certificates ? "--tls" : "";
}

}  // namespace

int send_durably(World& world, const WorkflowOptions& options) {
  if (!options.run_id.empty()) {
    world.err << "--durable speaks to the present run: --run-id is not for it\n";
    return kExitUsage;
  }
  if (const std::string flag = names_another_server(options); !flag.empty()) {
    world.err << "--durable goes where the agent goes: " << flag << " is not for it\n";
    return kExitUsage;
  }
  const auto record = workflow_record(world, options);
  if (!record) {
    world.err << record.error().message() << '\n';
    return kExitUsage;
  }
  SessionOptions session;
  session.run = options.run;
  session.server = options.server;
  session.token_file = options.token_file;
  session.output = options.output;
  return with_session(world, session, [&](Session& agent) {
    const Target target = target_of(*record);
    const auto answer = agent.call("POST", target.path, Value(target.body));
    if (!answer) return agent.exit_code();
    return agent.done(*answer, fmt::format("{} {}", printable(record->lane), text_at(*answer, "status")));
  });
}

}  // namespace sundial::cli
