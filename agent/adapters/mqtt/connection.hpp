// One Paho client: connects, subscribes, publishes, and passes on what comes in. Never throws.
#pragma once

#include <memory>
#include <string>

#include <mqtt/async_client.h>

#include "agent/core/model/settings.hpp"
#include "agent/ports/message_bus.hpp"
#include "platform/base/result.hpp"

namespace sundial::adapters {

// What a connection tells its owner, on Paho's own threads.
class ConnectionListener {
 public:
  virtual ~ConnectionListener() = default;
  virtual bool arrived(const Arrival& arrival) = 0;  // false: it must not be acknowledged
  virtual void lost(std::string why) = 0;
  virtual void published(std::uintptr_t number, Result<void> outcome) = 0;
  // Whether a wait should end: the connection is lost, or the owner stops.
  virtual bool give_up() const = 0;
  // A call of `arrived` has not returned.
  virtual bool busy() const = 0;
};

// Paho holds one lock of its own whenever it calls us, and takes it for every call of ours. So a call
// waits for an `arrived` that has not returned, and when the destructor is through, nothing is called
// any more: the listener has to live as long as the connection, and no longer.
class Connection : private mqtt::iaction_listener {
 public:
  static Result<std::unique_ptr<Connection>> create(const model::MqttSettings& settings,
                                                    ConnectionListener& listener);

  Result<bool> connect(const mqtt::connect_options& options);  // whether the broker has a session for us
  Result<void> subscribe(const Subscription& subscription);
  Result<void> unsubscribe(const std::string& filter);
  // `number` comes back in `published`, once, unless this fails at once or the client goes.
  Result<void> publish(const std::string& topic, const std::string& payload, int qos, bool retain,
                       std::optional<Millis> expiry, std::uintptr_t number);
  // False where nothing was connected (it may be about to), or where it is not known to be done.
  bool disconnect();

 private:
  Connection(const model::MqttSettings& settings, ConnectionListener& listener, const std::string& address);

  static int on_arrived(void* self, char* topic, int topic_length, MQTTAsync_message* message);
  bool take(std::string_view topic, const MQTTAsync_message& message) noexcept;
  Result<void> finish(const mqtt::token_ptr& token, Millis limit);
  void on_success(const mqtt::token& token) override;
  void on_failure(const mqtt::token& token) override;

  const std::string address_;
  bool version5_;
  ConnectionListener& listener_;
  mqtt::async_client client_;
};

}  // namespace sundial::adapters
