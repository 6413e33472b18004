// systemd's notification protocol (sd_notify), without its library.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "platform/supervisor.hpp"

namespace sundial {

// By NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID of the environment; without them it says nothing.
std::unique_ptr<Supervisor> make_supervisor(const std::map<std::string, std::string>& environment);

}  // namespace sundial
