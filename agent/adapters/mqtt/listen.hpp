// Listening to a broker without being an agent.
#pragma once

#include <string>
#include <vector>

#include "agent/core/model/settings.hpp"
#include "agent/ports/message_bus.hpp"
#include "platform/base/result.hpp"

namespace sundial::adapters {

// Has no session, and tells nobody that it is there. Connects again by itself; an error is that of
// the first login, or of a subscription that the broker refuses.
Result<void> listen_to_broker(model::MqttSettings settings, const std::vector<std::string>& filters,
                              BrokerListener& listener);

}  // namespace sundial::adapters
