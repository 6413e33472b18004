// One attempt to log in at the broker.
#include "agent/adapters/mqtt/trial.hpp"

#include "agent/adapters/mqtt/connection.hpp"
#include "agent/adapters/mqtt/translate.hpp"

namespace sundial::adapters {
namespace {

class Deaf : public ConnectionListener {
 public:
  bool arrived(const Arrival&) override { return true; }
  void lost(std::string) override {}
  void published(std::uintptr_t, Result<void>) override {}
  bool give_up() const override { return false; }
  bool busy() const override { return false; }
};

}  // namespace

Result<void> try_broker(model::MqttSettings settings) {
  settings.client_id += "-check";
  settings.session_expiry = Millis{0};
  Deaf listener;
  const auto connection = Connection::create(settings, listener);
  if (!connection) return connection.error();
  mqtt::connect_options options;
  const std::string topic = "sundial/" + settings.client_id + "/status";
  if (auto filled = fill_options(settings, topic, options); !filled) return filled;
  options.set_will(mqtt::will_options(topic, "offline", 7, 0, false));  // not kept: it tells of no agent
  if (settings.version == 5) {
    options.set_clean_start(true);
  } else {
    options.set_clean_session(true);
  }
  const auto connected = (*connection)->connect(options);
  if (!connected) return connected.error();
  (*connection)->disconnect();
  return {};
}

}  // namespace sundial::adapters
