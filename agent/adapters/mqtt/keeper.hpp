// Keeps one connection to the broker alive: one thread of ours makes every call into Paho.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "agent/adapters/mqtt/connection.hpp"
#include "agent/core/model/settings.hpp"
#include "agent/ports/message_bus.hpp"

namespace sundial::adapters {

// Owned by its thread as well as by the bus: a thread that sits in a call of Paho may outlive the bus,
// and then finds everything that it needs until it ends.
class Keeper : private ConnectionListener {
 public:
  using Done = std::function<void(Result<void>)>;

  Keeper(model::MqttSettings settings, std::string status_topic)
      : settings_(std::move(settings)), status_topic_(std::move(status_topic)) {}

  void start(BusListener& listener, std::vector<Subscription> subscriptions, std::vector<std::string> former);
  void keep();  // the thread's whole life
  void take_again();
  void resubscribe(std::vector<Subscription> subscriptions);
  void reconnect(model::MqttSettings settings, std::string status_topic);
  void publish(const std::string& topic, const std::string& payload, int qos, bool retain,
               std::optional<Millis> expiry, Done done);
  // False when the listener may still be called, since a call of it has not returned.
  bool stop();

 private:
  struct Publishing {
    std::string topic, payload;
    int qos = 0;
    bool retain = false;
    std::optional<Millis> expiry;
    Done done;
  };

  class Outlet;

  bool arrived(const Arrival& arrival) override;
  void lost(std::string why) override;
  void published(std::uintptr_t number, Result<void> outcome) override;
  bool give_up() const override;
  bool busy() const override { return steps_ % 2 == 1; }

  Result<void> establish();
  Result<void> settle_subscriptions(bool session_present);
  void serve();
  void rest();
  void serve_resting(const Outlet& outlet, Connection& connection);
  void send(Connection& connection, Publishing publishing);
  void fail_all(const std::string& why);
  void pause_after(const Error& problem);
  bool change_settings();
  bool say_good_bye();
  void farewell();

  model::MqttSettings settings_;  // the thread's own, once it runs
  std::string status_topic_;      // so as well
  BusListener* listener_ = nullptr;
  std::atomic<unsigned> steps_{0};  // into the listener and out of it: odd while it takes a message

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  bool ended_ = false;
  bool told_offline_ = false;
  std::uint64_t told_to_take_ = 0;  // how often
  bool resting_ = false;            // nothing is taken in; only what is published goes
  bool open_ = false;               // publishing makes sense
  std::optional<std::string> why_lost_;
  std::optional<std::pair<model::MqttSettings, std::string>> next_settings_;
  bool subscriptions_changed_ = false;
  std::vector<Subscription> wanted_;
  std::vector<std::string> unwanted_;
  std::deque<Publishing> outgoing_;
  std::map<std::uintptr_t, Done> unanswered_;
  std::uintptr_t next_number_ = 1;

  // The thread's own.
  std::unique_ptr<Connection> connection_;
  std::vector<Subscription> acknowledged_;  // in the session, as far as this process knows
  int failures_ = 0;
  std::mt19937 random_{std::random_device{}()};
};

}  // namespace sundial::adapters
