// One Paho client: connects, subscribes, publishes, and passes on what comes in. Never throws.
#include "agent/adapters/mqtt/connection.hpp"

#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "agent/adapters/mqtt/sever.hpp"
#include "agent/adapters/mqtt/translate.hpp"

namespace sundial::adapters {

// The C handle inside the C++ client. Its own callback copies each message and keeps the packet id,
// by which a redelivery is known, to itself; an explicit instantiation may name a private member.
MQTTAsync handle_of(const mqtt::async_client& client);
template <auto Member>
struct HandleAccess {
  friend MQTTAsync handle_of(const mqtt::async_client& client) { return client.*Member; }
};
template struct HandleAccess<&mqtt::async_client::cli_>;

namespace {

constexpr Millis kPatience{10'000};
constexpr Millis kFarewell{1'000};
constexpr Millis kGlance{50};
constexpr int kRefused = 0x80;  // reason codes from here on are failures

mqtt::create_options create_options(const model::MqttSettings& settings) {
  return mqtt::create_options_builder()
      .mqtt_version(settings.version == 5 ? MQTTVERSION_5 : MQTTVERSION_3_1_1)
      .send_while_disconnected(false)
      .finalize();
}

template <typename Call>
auto guarded(Call call) -> decltype(call()) {
  try {
    return call();
  } catch (const mqtt::exception& problem) {
    return error_of(problem);
  } catch (const std::exception& problem) {
    return Error(ErrorKind::internal, problem.what());
  }
}

}  // namespace

Result<std::unique_ptr<Connection>> Connection::create(const model::MqttSettings& settings,
                                                       ConnectionListener& listener) {
  auto address = paho_address(settings);
  if (!address) return address.error();
  return guarded([&]() -> Result<std::unique_ptr<Connection>> {
    return std::unique_ptr<Connection>(new Connection(settings, listener, *address));
  });
}

Connection::Connection(const model::MqttSettings& settings, ConnectionListener& listener,
                       const std::string& address)
    : address_(address),
      version5_(settings.version == 5),
      listener_(listener),
      client_(address, settings.client_id, create_options(settings), nullptr) {
  // Never start_consuming: its queue acknowledges what nobody has taken.
  MQTTAsync_setMessageArrivedCallback(handle_of(client_), this, &Connection::on_arrived);
  client_.set_connection_lost_handler([this](const std::string& cause) {
    listener_.lost(cause.empty() ? "the connection to the broker was lost" : cause);
  });
  client_.set_disconnected_handler([this](const mqtt::properties&, mqtt::ReasonCode reason) {
    const char* text = MQTTReasonCode_toString(static_cast<MQTTReasonCodes>(reason));
    listener_.lost(
        fmt::format("the broker closed the connection: {}", text != nullptr ? text : "no reason given"));
  });
}

// On Paho's thread, which acknowledges the message after the return, whatever is returned. One that
// must not be acknowledged is therefore returned only when nothing can be written to the broker any
// more. An exception here would end the process; the listener throws none, and what else may fail is
// an allocation of a few bytes.
int Connection::on_arrived(void* self, char* topic, int topic_length, MQTTAsync_message* message) {
  auto& connection = *static_cast<Connection*>(self);
  const auto name = topic_length > 0 ? std::string_view(topic, static_cast<std::size_t>(topic_length))
                                     : std::string_view(topic);
  while (!connection.take(name, *message) && !sever(connection.address_)) {
    std::this_thread::sleep_for(kGlance);
  }
  MQTTAsync_freeMessage(&message);
  MQTTAsync_free(topic);
  return 1;
}

bool Connection::take(std::string_view topic, const MQTTAsync_message& message) noexcept {
  model::MessageProperties properties;
  Arrival arrival;
  arrival.topic = topic;
  arrival.payload = {static_cast<const char*>(message.payload), static_cast<std::size_t>(message.payloadlen)};
  arrival.qos = message.qos;
  arrival.retained = message.retained != 0;
  arrival.duplicate = message.dup != 0;
  arrival.packet_id = message.qos == 0 ? 0 : message.msgid;
  if (version5_) read_properties(message.properties, properties, arrival.subscription_ids);
  arrival.properties = &properties;
  return listener_.arrived(arrival);
}

// Waits as long as the answer may take. A message that is being taken holds up the thread that
// would bring the answer, so that time does not count.
Result<void> Connection::finish(const mqtt::token_ptr& token, Millis limit) {
  for (Millis waited{0}; waited < limit; waited += listener_.busy() ? Millis{0} : kGlance) {
    if (token->wait_for(kGlance)) return {};
    if (listener_.give_up()) return Error(ErrorKind::unavailable, "the connection to the broker was lost");
  }
  return Error(ErrorKind::timed_out, "the broker does not answer");
}

Result<bool> Connection::connect(const mqtt::connect_options& options) {
  return guarded([&]() -> Result<bool> {
    const mqtt::token_ptr token = client_.connect(options);
    if (auto done = finish(token, kPatience); !done) return done.error();
    return token->get_connect_response().is_session_present();
  });
}

Result<void> Connection::subscribe(const Subscription& subscription) {
  return guarded([&]() -> Result<void> {
    // What is retained comes when a subscription is new, and not again with each connection.
    const mqtt::subscribe_options options(false, false, mqtt::subscribe_options::SEND_RETAINED_ON_NEW);
    mqtt::properties properties;
    if (version5_ && subscription.id > 0) {
      properties.add(mqtt::property(mqtt::property::SUBSCRIPTION_IDENTIFIER, subscription.id));
    }
    const mqtt::token_ptr token =
        version5_ ? client_.subscribe(subscription.filter, subscription.qos, options, properties)
                  : client_.subscribe(subscription.filter, subscription.qos);
    if (auto done = finish(token, kPatience); !done) return done;
    // Kept by name: a loop over a part of a temporary would outlive it.
    const auto response = token->get_subscribe_response();
    for (const mqtt::ReasonCode code : response.get_reason_codes()) {
      if (static_cast<int>(code) < kRefused) continue;
      const char* text = version5_ ? MQTTReasonCode_toString(static_cast<MQTTReasonCodes>(code)) : nullptr;
      return Error(ErrorKind::forbidden, text != nullptr ? text : "the broker refuses the subscription");
    }
    return {};
  });
}

Result<void> Connection::unsubscribe(const std::string& filter) {
  return guarded([&]() -> Result<void> { return finish(client_.unsubscribe(filter), kPatience); });
}

Result<void> Connection::publish(const std::string& topic, const std::string& payload, int qos, bool retain,
                                 std::optional<Millis> expiry, std::uintptr_t number) {
  return guarded([&]() -> Result<void> {
    auto message = mqtt::message::create(topic, payload.data(), payload.size(), qos, retain);
    if (version5_ && expiry) {
      const auto seconds = std::chrono::ceil<std::chrono::seconds>(*expiry).count();
      mqtt::properties properties;
      properties.add(mqtt::property(mqtt::property::MESSAGE_EXPIRY_INTERVAL,
                                    static_cast<std::int32_t>(std::min<std::int64_t>(seconds, INT32_MAX))));
      message->set_properties(std::move(properties));
    }
    client_.publish(message, reinterpret_cast<void*>(number), *this);
    return {};
  });
}

void Connection::on_success(const mqtt::token& token) {
  listener_.published(reinterpret_cast<std::uintptr_t>(token.get_user_context()), {});
}

void Connection::on_failure(const mqtt::token& token) {
  const auto number = reinterpret_cast<std::uintptr_t>(token.get_user_context());
  const int reason = static_cast<int>(token.get_reason_code());
  const char* text = version5_ ? MQTTReasonCode_toString(static_cast<MQTTReasonCodes>(reason)) : nullptr;
  if (text != nullptr && reason >= kRefused) {
    listener_.published(number, Error(ErrorKind::invalid, fmt::format("the broker refuses it: {}", text)));
  } else {
    listener_.published(number, Error(ErrorKind::timed_out, "the broker did not acknowledge it"));
  }
}

bool Connection::disconnect() {
  const Result<bool> done = guarded(
      [&]() -> Result<bool> { return client_.is_connected() && client_.disconnect(0)->wait_for(kFarewell); });
  return done && *done;
}

}  // namespace sundial::adapters
