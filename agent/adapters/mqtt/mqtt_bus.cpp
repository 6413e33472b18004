// The MQTT broker behind the MessageBus port: a keeper of the connection, and its thread.
#include "agent/adapters/mqtt/mqtt_bus.hpp"

#include <fmt/format.h>

#include <thread>

#include "agent/adapters/mqtt/keeper.hpp"

namespace sundial::adapters {
namespace {

class MqttBus : public MessageBus {
 public:
  MqttBus(model::MqttSettings settings, const std::string& device)
      : keeper_(std::make_shared<Keeper>(std::move(settings), status_prefix(device) + "status")) {}
  ~MqttBus() override {
    stop();
    if (thread_.joinable()) thread_.join();
  }

  void start(BusListener& listener, std::vector<Subscription> subscriptions,
             std::vector<std::string> former) override {
    keeper_->start(listener, std::move(subscriptions), std::move(former));
    thread_ = std::thread([keeper = keeper_] { keeper->keep(); });
  }
  void take_again() override { keeper_->take_again(); }
  void resubscribe(std::vector<Subscription> subscriptions) override {
    keeper_->resubscribe(std::move(subscriptions));
  }
  void reconnect(const model::MqttSettings& settings, const std::string& device) override {
    keeper_->reconnect(settings, status_prefix(device) + "status");
  }
  void publish(const std::string& topic, const std::string& payload, int qos, bool retain,
               std::optional<Millis> expiry, Keeper::Done done) override {
    keeper_->publish(topic, payload, qos, retain, expiry, std::move(done));
  }
  void stop() override {
    if (thread_.joinable() && !keeper_->stop()) thread_.detach();
  }

 private:
  std::shared_ptr<Keeper> keeper_;
  std::thread thread_;
};

}  // namespace

std::string status_prefix(const std::string& device) {
  std::string name = device;
  for (char& letter : name) {
    if (letter == '/' || letter == '+' || letter == '#' || letter == '\0') letter = '-';
  }
  return fmt::format("sundial/{}/", name);
}

std::unique_ptr<MessageBus> make_mqtt_bus(model::MqttSettings settings, const std::string& device) {
  return std::make_unique<MqttBus>(std::move(settings), device);
}

}  // namespace sundial::adapters
