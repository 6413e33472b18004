// Between Paho's words and ours: addresses, connect options, properties, reasons.
#include "agent/adapters/mqtt/translate.hpp"

#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <limits>

#include "platform/base/text.hpp"

namespace sundial::adapters {
namespace {

constexpr std::chrono::seconds kKeepAlive{30};
constexpr std::chrono::seconds kConnectTimeout{10};

bool speaks_tls(const model::MqttSettings& settings) {
  return settings.url.starts_with("mqtts://") || settings.url.starts_with("ssl://") || settings.tls.enabled;
}

Result<std::string> read_secret(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return Error(ErrorKind::invalid, fmt::format("password_file {} can't be read", printable(file)));
  std::string text{std::istreambuf_iterator<char>(in), {}};
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

mqtt::ssl_options tls_options(const model::TlsSettings& tls) {
  mqtt::ssl_options options;
  if (!tls.ca.empty()) options.set_trust_store(tls.ca);
  if (!tls.cert.empty()) options.set_key_store(tls.cert);
  if (!tls.key.empty()) options.set_private_key(tls.key);
  options.set_enable_server_cert_auth(tls.verify_host);
  options.set_verify(tls.verify_host);
  options.set_ssl_version(MQTT_SSL_VERSION_TLS_1_2);
  return options;
}

mqtt::properties session_properties(const model::MqttSettings& settings) {
  const auto expiry = std::chrono::duration_cast<std::chrono::seconds>(settings.session_expiry).count();
  const auto most = std::int64_t{std::numeric_limits<std::int32_t>::max()};
  mqtt::properties properties;
  properties.add(mqtt::property(mqtt::property::SESSION_EXPIRY_INTERVAL,
                                static_cast<std::int32_t>(std::min<std::int64_t>(expiry, most))));
  properties.add(mqtt::property(mqtt::property::RECEIVE_MAXIMUM, kMaxUnacknowledged));
  properties.add(
      mqtt::property(mqtt::property::MAXIMUM_PACKET_SIZE,
                     static_cast<std::int32_t>(std::min<std::int64_t>(settings.max_payload, most))));
  return properties;
}

std::string text_of(const MQTTLenString& text) {
  return {text.data, static_cast<std::size_t>(text.len)};
}

}  // namespace

Result<std::string> paho_address(const model::MqttSettings& settings) {
  std::string_view rest = settings.url;
  for (const std::string_view scheme : {"mqtt://", "mqtts://", "tcp://", "ssl://"}) {
    if (!rest.starts_with(scheme)) continue;
    rest.remove_prefix(scheme.size());
    while (!rest.empty() && rest.back() == '/') rest.remove_suffix(1);
    const std::size_t bracket = rest.rfind(']');
    const std::size_t colon = rest.find(':', bracket == std::string_view::npos ? 0 : bracket);
    const bool tls = speaks_tls(settings);
    return fmt::format("{}{}{}", tls ? "ssl://" : "tcp://", rest,
                       colon != std::string_view::npos ? "" : (tls ? ":8883" : ":1883"));
  }
  return Error(ErrorKind::invalid, fmt::format("{}: a broker's address begins with mqtt:// or mqtts://",
                                               printable(settings.url)));
}

Result<void> fill_options(const model::MqttSettings& settings, const std::string& status_topic,
                          mqtt::connect_options& options) {
  if (settings.version == 5) {
    options.set_mqtt_version(MQTTVERSION_5);
    options.set_clean_start(false);
    options.set_properties(session_properties(settings));
  } else {
    options.set_mqtt_version(MQTTVERSION_3_1_1);
    options.set_clean_session(false);
  }
  options.set_automatic_reconnect(false);
  options.set_keep_alive_interval(kKeepAlive);
  options.set_connect_timeout(kConnectTimeout);
  options.set_max_inflight(kMaxUnacknowledged);
  if (!status_topic.empty()) options.set_will(mqtt::will_options(status_topic, "offline", 7, 1, true));
  if (!settings.username.empty()) options.set_user_name(settings.username);
  if (!settings.password_file.empty()) {
    auto password = read_secret(settings.password_file);
    if (!password) return password.error();
    options.set_password(*password);
  } else if (!settings.password.empty()) {
    options.set_password(settings.password);
  }
  if (speaks_tls(settings)) options.set_ssl(tls_options(settings.tls));
  return {};
}

void read_properties(const MQTTProperties& from, model::MessageProperties& properties,
                     std::vector<int>& subscriptions) {
  for (int index = 0; index < from.count; ++index) {
    const MQTTProperty& property = from.array[index];
    switch (static_cast<int>(property.identifier)) {
      case MQTTPROPERTY_CODE_CONTENT_TYPE:
        properties.content_type = text_of(property.value.data);
        break;
      case MQTTPROPERTY_CODE_RESPONSE_TOPIC:
        properties.response_topic = text_of(property.value.data);
        break;
      case MQTTPROPERTY_CODE_CORRELATION_DATA:
        properties.correlation_data = text_of(property.value.data);
        break;
      case MQTTPROPERTY_CODE_MESSAGE_EXPIRY_INTERVAL:
        properties.message_expiry = property.value.integer4;
        break;
      case MQTTPROPERTY_CODE_SUBSCRIPTION_IDENTIFIER:
        subscriptions.push_back(static_cast<int>(property.value.integer4));
        break;
      case MQTTPROPERTY_CODE_USER_PROPERTY:
        properties.user.emplace_back(text_of(property.value.data), text_of(property.value.value));
        break;
      default:
        break;  // of no interest to rules
    }
  }
}

Error error_of(const mqtt::exception& problem) {
  constexpr int kBadLogin3 = 4, kNotAuthorized3 = 5;  // MQTT 3.1.1's return codes of a CONNACK
  const auto is_login = [](int code) {
    return code == kBadLogin3 || code == kNotAuthorized3 ||
           code == MQTTREASONCODE_BAD_USER_NAME_OR_PASSWORD || code == MQTTREASONCODE_NOT_AUTHORIZED ||
           code == MQTTREASONCODE_BANNED;
  };
  // Paho hands the reason of MQTT 5 over in either place.
  const bool login = is_login(problem.get_return_code()) || is_login(problem.get_reason_code());
  if (login) return {ErrorKind::unauthenticated, "the broker refuses the login"};
  return {ErrorKind::unavailable, problem.what()};
}

}  // namespace sundial::adapters
