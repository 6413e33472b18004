// One attempt to log in at the broker, for those who check a configuration.
#pragma once

#include "agent/core/model/settings.hpp"
#include "platform/base/result.hpp"

namespace sundial::adapters {

// Logs in and says good-bye. It has a client id of its own and no session, so that an agent that is
// running with these settings keeps its connection.
Result<void> try_broker(model::MqttSettings settings);

}  // namespace sundial::adapters
