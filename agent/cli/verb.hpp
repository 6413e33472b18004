// A verb of the command line: adds its flags, and says what to run when it was chosen.
#pragma once

#include <functional>
#include <iosfwd>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/config/files.hpp"
#include "agent/core/model/settings.hpp"
#include "agent/ports/agent_client.hpp"
#include "agent/ports/message_bus.hpp"
#include "agent/ports/schedule_service.hpp"
#include "agent/ports/workflow_service.hpp"
#include "platform/base/result.hpp"
#include "platform/base/time.hpp"
#include "platform/base/time_zone.hpp"

namespace CLI {
class App;
}

namespace sundial::cli {

inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitNotFound = 2;
inline constexpr int kExitUsage = 64;
inline constexpr int kExitUnreachable = 69;
inline constexpr int kExitConfiguration = 78;

// What the agent's own verb was given; the application knows how to run it.
struct RunOptions {
  std::string config_file;
  std::string env_file;
  std::string state;
  std::string listen;
  std::string log_format;
  bool verbose = false;
};

// What became of one attempt to connect; no problem: it was reached.
struct ConnectionTrial {
  std::string name;  // "temporal", "mqtt"
  std::string problem;
  std::optional<Millis> clock_lead{};  // how far its clock is ahead of this device's, where it told
};

// Where text goes to a person; no columns: to a file or another program.
struct Terminal {
  std::size_t columns = 0;
  bool colour = false;
};

// The world as verbs see it; handed in, so that tests can run them in-process.
struct World {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  const ZoneSource& zones;
  std::map<std::string, std::string> environment;
  Instant now;
  std::string host_name;
  std::string system_time_zone;
  std::function<int(const RunOptions&)> run_agent;
  // Tries the broker and Temporal once each; not set: this program has no adapters.
  std::function<std::vector<ConnectionTrial>(const model::Configuration&)> try_connections{};
  // The way to the running agent.
  std::function<Result<std::unique_ptr<AgentClient>>(const AgentAddress&)> connect_agent{};
  // The way to Temporal itself; an error is one of the configuration. `show` hears of every exchange.
  using Show = std::function<void(const std::string& line)>;
  std::function<Result<std::unique_ptr<WorkflowService>>(const model::Configuration&, const Show& show)>
      open_temporal{};
  std::function<Result<std::unique_ptr<ScheduleService>>(const model::Configuration&)>
      open_server_schedules{};
  // Hears what a broker sends, until `heard` or `away` gives false; the first login must go well.
  std::function<Result<void>(const model::MqttSettings&, const std::vector<std::string>& filters,
                             BrokerListener&)>
      listen_to_broker{};
  // Copies the state in a directory to a file, also while an agent runs on it; tells how far it is.
  using BackupProgress = std::function<void(std::uint64_t done, std::uint64_t all)>;
  std::function<Result<void>(const std::string& directory, const std::string& file,
                             const BackupProgress& progress)>
      back_up{};
  config::Files files = config::system_files();
  Terminal terminal{};
  bool err_is_terminal = false;
};

// Set by the verb that was chosen on the command line.
using Chosen = std::function<int()>;

// Adds one verb to the application; when the verb is parsed, `chosen` becomes its action.
using AddVerb = void (*)(CLI::App& app, World& world, Chosen& chosen);

// Every verb, in the order in which --help lists them. A new verb is one file and one line here.
const std::vector<AddVerb>& all_verbs();

// Parses and runs; returns the exit code.
int run_command_line(int argc, const char* const* argv, World& world);

}  // namespace sundial::cli
