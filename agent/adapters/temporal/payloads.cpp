// Metadata values are base64 in Temporal's JSON, like the data.
#include "agent/adapters/temporal/payloads.hpp"

#include <algorithm>

#include "platform/base/text.hpp"
#include "platform/json/json.hpp"

namespace sundial::temporal {
namespace {

Error no_payload() {
  return {ErrorKind::internal, "Temporal's answer holds a payload that is none"};
}

std::string_view encoding_of(const Payload& payload) {
  const auto found = std::find_if(payload.metadata.begin(), payload.metadata.end(),
                                  [](const auto& entry) { return entry.first == "encoding"; });
  return found == payload.metadata.end() ? std::string_view() : std::string_view(found->second);
}

Value decode_json(const std::string& data) {
  auto value = json::parse(data);
  if (!value) return Bytes{data};
  if (json::write(*value) == data) return std::move(*value);
  return Verbatim{data};
}

Value show_unknown(const Payload& payload) {
  Map metadata;
  for (const auto& [key, text] : payload.metadata) {
    metadata.set(key, is_utf8(text) ? Value(text) : Value(Bytes{text}));
  }
  Map shown;
  shown.set("metadata", std::move(metadata));
  shown.set("data", Bytes{payload.data});
  return shown;
}

Value decode_plain(const Payload& payload) {
  const std::string_view encoding = encoding_of(payload);
  if (encoding == "json/plain" || encoding == "json/protobuf") return decode_json(payload.data);
  if (encoding == "binary/null") return Null{};
  if (encoding == "binary/plain") return Bytes{payload.data};
  return show_unknown(payload);
}

}  // namespace

Payload plain_payload(const Value& value) {
  return {{{"encoding", "json/plain"}}, json::write(value)};
}

std::string payload_json(const Payload& payload) {
  std::string text = "{\"metadata\":{";
  for (const auto& [key, value] : payload.metadata) {
    if (text.back() != '{') text += ',';
    text += json::quote(key) + ":\"" + base64_encode(value) + '"';
  }
  text += "},\"data\":\"" + base64_encode(payload.data) + "\"}";
  return text;
}

Result<Payload> read_payload(const Value& json) {
  Payload payload;
  if (const Value* metadata = json.find("metadata")) {
    const Map* entries = metadata->get_if<Map>();
    if (entries == nullptr) return no_payload();
    for (const auto& [key, value] : *entries) {
      const auto bytes = value.text() == nullptr ? std::nullopt : base64_decode(*value.text());
      if (!bytes || key.text() == nullptr) return no_payload();
      payload.metadata.emplace_back(*key.text(), *bytes);
    }
  }
  if (const Value* data = json.find("data")) {
    auto bytes = data->text() == nullptr ? std::nullopt : base64_decode(*data->text());
    if (!bytes) return no_payload();
    payload.data = std::move(*bytes);
  }
  return payload;
}

Result<std::string> encode_value(const Value& value, const PayloadCodec* codec) {
  const Payload plain = plain_payload(value);
  if (codec == nullptr) return payload_json(plain);
  const auto encoded = codec->encode(plain);
  if (!encoded) return encoded.error();
  return payload_json(*encoded);
}

Result<std::string> encode_list(const List& values, const PayloadCodec* codec) {
  std::string text = "{\"payloads\":[";
  for (const Value& value : values) {
    const auto encoded = encode_value(value, codec);
    if (!encoded) return encoded.error();
    if (text.back() != '[') text += ',';
    text += *encoded;
  }
  return text + "]}";
}

Result<Value> decode_payload(const Value& json, const PayloadCodec* codec) {
  const auto payload = read_payload(json);
  if (!payload) return payload.error();
  if (codec == nullptr) return decode_plain(*payload);
  const auto decoded = codec->decode(*payload);
  if (!decoded) return decoded.error();
  return decode_plain(*decoded);
}

Result<List> decode_list(const Value* json, const PayloadCodec* codec) {
  List values;
  if (json == nullptr) return values;
  const Value* inner = json->find("payloads");
  const List* payloads = inner == nullptr ? json->get_if<List>() : inner->get_if<List>();
  if (payloads == nullptr) return values;
  for (const Value& payload : *payloads) {
    auto value = decode_payload(payload, codec);
    if (!value) return value.error();
    values.push_back(std::move(*value));
  }
  return values;
}

Result<Value> decode_values(const Value* json, const PayloadCodec* codec) {
  auto values = decode_list(json, codec);
  if (!values) return values.error();
  if (values->empty()) return Value();
  if (values->size() == 1) return std::move(values->front());
  return Value(std::move(*values));
}

}  // namespace sundial::temporal
