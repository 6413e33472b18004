// The program: hands the world to the command line.
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <iostream>

#include "agent/adapters/http/agent_client.hpp"
#include "agent/adapters/mqtt/listen.hpp"
#include "agent/adapters/sqlite/sqlite_store.hpp"
#include "agent/adapters/temporal/schedules.hpp"
#include "agent/adapters/temporal/service.hpp"
#include "agent/app/connections.hpp"
#include "agent/app/service.hpp"
#include "agent/cli/verb.hpp"
#include "platform/linux/signals.hpp"
#include "platform/zones/zones.hpp"

namespace {

std::map<std::string, std::string> read_environment() {
  std::map<std::string, std::string> environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos)
      environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return environment;
}

std::string host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

sundial::cli::Terminal terminal() {
  winsize size{};
  if (isatty(STDOUT_FILENO) == 0 || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return {};
  return {size.ws_col, std::getenv("NO_COLOR") == nullptr};
}

// What was printed has to arrive: a full disk is a failure, a reader that has enough is not.
int end_of_printing(int code) {
  if (std::cout.flush().good() || code != sundial::cli::kExitDone) return code;
  struct stat kind {};
  if (fstat(STDOUT_FILENO, &kind) == 0 && !S_ISREG(kind.st_mode) && !S_ISCHR(kind.st_mode)) return code;
  std::cerr << "sundial: what it printed could not be written: is the disk full?\n";
  return sundial::cli::kExitFailed;
}

}  // namespace

int main(int argc, char** argv) {
  sundial::ignore_broken_pipes();
  const auto zones = sundial::system_zones();
  sundial::cli::World world{
      .in = std::cin,
      .out = std::cout,
      .err = std::cerr,
      .zones = *zones,
      .environment = read_environment(),
      .now = std::chrono::floor<sundial::Millis>(std::chrono::system_clock::now()),
      .host_name = host_name(),
      .system_time_zone = sundial::system_time_zone_name(),
      .run_agent = {},
      .try_connections = sundial::app::try_connections,
      .connect_agent = sundial::http::make_agent_client,
      .open_temporal =
          [](const sundial::model::Configuration& configuration, const sundial::cli::World::Show& show) {
            return sundial::temporal::open_service(configuration.temporal, configuration.device.name, show);
          },
      .open_server_schedules =
          [](const sundial::model::Configuration& configuration) {
            return sundial::temporal::open_schedules(configuration.temporal, configuration.device.name);
          },
      .listen_to_broker = sundial::adapters::listen_to_broker,
      .back_up = sundial::back_up_state,
      .terminal = terminal(),
  };
  world.err_is_terminal = isatty(STDERR_FILENO) != 0;
  world.run_agent = [&world](const sundial::cli::RunOptions& options) {
    return sundial::app::run_agent(world, options);
  };
  return end_of_printing(sundial::cli::run_command_line(argc, argv, world));
}
