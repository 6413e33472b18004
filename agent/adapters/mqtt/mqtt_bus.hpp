// The MQTT broker behind the MessageBus port, spoken to with Paho.
#pragma once

#include <memory>
#include <string>

#include "agent/core/model/settings.hpp"
#include "agent/ports/message_bus.hpp"

namespace sundial::adapters {

// `device` names the topics of the agent's own status: sundial/<device>/status.
std::unique_ptr<MessageBus> make_mqtt_bus(model::MqttSettings settings, const std::string& device);

// "sundial/<device>/": the device's name with what a topic can't hold replaced.
std::string status_prefix(const std::string& device);

}  // namespace sundial::adapters
