// Between Paho's words and ours: addresses, connect options, properties, reasons.
#pragma once

#include <string>

#include <mqtt/async_client.h>

#include "agent/core/model/settings.hpp"
#include "agent/ports/message_bus.hpp"
#include "platform/base/error.hpp"
#include "platform/base/result.hpp"

namespace sundial::adapters {

// "mqtts://host" as Paho's "ssl://host:8883".
Result<std::string> paho_address(const model::MqttSettings& settings);

// Reads the password file anew, so that a changed one counts from the next connection on. Fills in
// place: moved, Paho C++ 1.2's options point into the object that they came from. Without a status topic
// nobody is told that this client went.
Result<void> fill_options(const model::MqttSettings& settings, const std::string& status_topic,
                          mqtt::connect_options& options);

// What the message brought with it, and by which of our subscriptions it came.
void read_properties(const MQTTProperties& from, model::MessageProperties& properties,
                     std::vector<int>& subscriptions);

// Why an exchange failed, in one line, and whether a login or permission was the reason.
Error error_of(const mqtt::exception& problem);

}  // namespace sundial::adapters
