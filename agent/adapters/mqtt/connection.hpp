// One Paho client: connects, subscribes, publishes, and passes on what comes in. Never throws.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
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
  virtual void arrived(const Arrival& arrival) = 0;
  virtual void lost(std::string why) = 0;
  virtual void published(std::uintptr_t number, Result<void> outcome) = 0;
  // Whether a wait should end: the connection is lost, or the owner stops.
  virtual bool give_up() const = 0;
};

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
  void disconnect();

  // The owner goes: its listener is told nothing more, and the client is kept until the process ends,
  // because Paho's threads may still be about to call into one that was closed a moment ago.
  static void retire(std::unique_ptr<Connection> connection);

  // A message is being taken: the connection must not be closed now.
  bool busy() const { return taking_.load(); }

 private:
  Connection(const model::MqttSettings& settings, ConnectionListener& listener, const std::string& address);

  template <typename Tell>
  void tell(Tell what);
  static int on_arrived(void* self, char* topic, int topic_length, MQTTAsync_message* message);
  void take(std::string_view topic, const MQTTAsync_message& message) noexcept;
  Result<void> finish(const mqtt::token_ptr& token, Millis limit);
  void on_success(const mqtt::token& token) override;
  void on_failure(const mqtt::token& token) override;

  bool version5_;
  ConnectionListener& listener_;  // not after `retired_`
  std::mutex telling_;            // held while the listener is told of a loss or an answer
  bool retired_ = false;
  std::atomic<bool> taking_{false};
  mqtt::async_client client_;
};

}  // namespace sundial::adapters
