// Time zones from the system's zone database.
#pragma once

#include <memory>

#include "platform/base/time_zone.hpp"

namespace sundial {

// Loaded once a name; unknown names get a suggestion.
std::unique_ptr<ZoneSource> system_zones();

// The zone that this machine runs in: TZ, /etc/localtime or /etc/timezone, else UTC.
std::string system_time_zone_name();

}  // namespace sundial
