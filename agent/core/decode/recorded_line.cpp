// Recordings: JSON lines to messages and back.
#include "agent/core/decode/recorded_line.hpp"

#include "platform/base/text.hpp"
#include "platform/json/json.hpp"

namespace sundial::decode {
namespace {

Error wrong(const char* what) {
  return {ErrorKind::invalid, what};
}

Result<std::optional<std::string>> text_at(const Value& line, std::string_view key) {
  const Value* value = line.find(key);
  if (value == nullptr || value->is_null()) return std::optional<std::string>();
  if (value->text() == nullptr) return Error(ErrorKind::invalid, std::string(key) + " must be a text");
  return std::optional(*value->text());
}

bool truth_at(const Value& line, std::string_view key) {
  const Value* value = line.find(key);
  const bool* truth = value == nullptr ? nullptr : value->get_if<bool>();
  return truth != nullptr && *truth;
}

Result<void> read_payload(const Value& line, model::Message& message) {
  const auto payload = text_at(line, "payload");
  if (!payload) return payload.error();
  const auto encoded = text_at(line, "payload_base64");
  if (!encoded) return encoded.error();
  if (*payload) {
    message.payload = **payload;
  } else if (*encoded) {
    const std::optional<std::string> bytes = base64_decode(**encoded);
    if (!bytes) return wrong("payload_base64 is no base64");
    message.payload = *bytes;
  }
  return {};
}

Result<void> read_properties(const Value& line, model::MessageProperties& properties) {
  const Value* table = line.find("properties");
  if (table == nullptr) return {};
  for (const auto& [key, into] : {std::pair{"content_type", &properties.content_type},
                                  std::pair{"response_topic", &properties.response_topic},
                                  std::pair{"correlation_data", &properties.correlation_data}}) {
    auto text = text_at(*table, key);
    if (!text) return text.error();
    *into = *std::move(text);
  }
  if (properties.correlation_data) {
    properties.correlation_data = base64_decode(*properties.correlation_data);
    if (!properties.correlation_data) return wrong("correlation_data is no base64");
  }
  if (const Value* expiry = table->find("message_expiry")) {
    if (const auto* seconds = expiry->get_if<std::int64_t>()) properties.message_expiry = *seconds;
  }
  const Value* user = table->find("user");
  const Map* members = user == nullptr ? nullptr : user->get_if<Map>();
  if (members == nullptr) return {};
  for (const auto& [name, value] : *members) {
    if (value.text() != nullptr) properties.user.emplace_back(*name.text(), *value.text());
  }
  return {};
}

Result<model::Message> read_message(const Value& line, std::size_t number) {
  model::Message message;
  const auto id = text_at(line, "id");
  if (!id) return id.error();
  message.id = id->value_or(std::to_string(number));
  const auto topic = text_at(line, "topic");
  if (!topic) return topic.error();
  const auto webhook = text_at(line, "webhook");
  if (!webhook) return webhook.error();
  if (!*topic && !*webhook) return wrong("a line needs a topic, a webhook, or \"away\"");
  message.webhook = !*topic;
  message.topic = *topic ? **topic : **webhook;
  if (const Value* qos = line.find("qos")) {
    const auto* level = qos->get_if<std::int64_t>();
    if (level == nullptr || *level < 0 || *level > 2) return wrong("qos must be 0, 1 or 2");
    message.qos = static_cast<int>(*level);
  }
  message.retained = truth_at(line, "retained");
  message.duplicate = truth_at(line, "duplicate");
  if (Result<void> payload = read_payload(line, message); !payload) return payload.error();
  if (Result<void> properties = read_properties(line, message.properties); !properties)
    return properties.error();
  return message;
}

}  // namespace

Result<RecordedLine> read_recorded_line(std::string_view text, std::size_t number) {
  const Result<Value> line = json::parse(text);
  if (!line) return line.error();
  if (!line->is<Map>()) return wrong("a line is a JSON object");
  const auto written = text_at(*line, "time");
  if (!written) return written.error();
  if (!*written) return wrong("a line needs a time, such as 2026-01-31T08:00:00Z");
  const Result<Instant> time = parse_rfc3339(**written);
  if (!time) return time.error().within("time");
  if (const Value* away = line->find("away")) {
    const bool* truth = away->get_if<bool>();
    if (truth == nullptr) return wrong("away must be true or false");
    return RecordedLine{*time, model::Absence{*truth}};
  }
  Result<model::Message> message = read_message(*line, number);
  if (!message) return message.error();
  message->time = *time;
  return RecordedLine{*time, *std::move(message)};
}

std::string write_recorded_line(const RecordedLine& line) {
  Map map;
  const auto* message = std::get_if<model::Message>(&line.input);
  if (message != nullptr && !message->id.empty()) map.append("id", message->id);
  map.append("time", format_rfc3339(line.time, Fraction::always));
  if (message == nullptr) {
    map.append("away", std::get<model::Absence>(line.input).away);
    return json::write(map);
  }
  map.append(message->webhook ? "webhook" : "topic", message->topic);
  if (is_utf8(message->payload)) {
    map.append("payload", message->payload);
  } else {
    map.append("payload_base64", base64_encode(message->payload));
  }
  map.append("qos", message->qos);
  map.append("retained", message->retained);
  if (message->duplicate) map.append("duplicate", true);
  const model::MessageProperties& from = message->properties;
  Map properties;
  if (from.content_type) properties.append("content_type", *from.content_type);
  if (from.response_topic) properties.append("response_topic", *from.response_topic);
  if (from.correlation_data) properties.append("correlation_data", base64_encode(*from.correlation_data));
  if (from.message_expiry) properties.append("message_expiry", *from.message_expiry);
  Map user;
  for (const auto& [name, value] : from.user) user.set(name, value);
  if (!user.empty()) properties.append("user", std::move(user));
  map.append("properties", std::move(properties));
  return json::write(map);
}

}  // namespace sundial::decode
