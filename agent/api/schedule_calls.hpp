// Making and deleting schedules, for the calls under /api/v1 and the root paths alike.
#pragma once

#include <functional>
#include <string>

#include "agent/api/desk.hpp"
#include "agent/api/route.hpp"

namespace sundial::api {

// `taken_status` answers an id that is there already.
void create_schedule(Desk& desk, const ExchangePtr& exchange, const std::string& id, const Map& body,
                     int taken_status, std::function<void()> done);
// `from_file_status` answers for one that the configuration file holds.
void remove_schedule(Desk& desk, const ExchangePtr& exchange, int from_file_status);

}  // namespace sundial::api
