// Events now and later.
#include "agent/core/rules/event.hpp"

namespace sundial::rules {
namespace {

enum Kept : std::uint8_t {
  kPayload = 1,
  kMessage = 2,
  kTopic = 4,
  kState = 8,
  kUndecoded = 16,
  kLevels = 32
};

void write_properties(StateWriter& out, const model::MessageProperties& properties) {
  const auto text = [&out](const std::optional<std::string>& value) {
    out.flag(value.has_value());
    if (value) out.text(*value);
  };
  text(properties.content_type);
  text(properties.response_topic);
  text(properties.correlation_data);
  out.flag(properties.message_expiry.has_value());
  if (properties.message_expiry) out.integer(*properties.message_expiry);
  out.natural(properties.user.size());
  for (const auto& [name, value] : properties.user) out.text(name), out.text(value);
}

void read_properties(StateReader& in, model::MessageProperties& properties) {
  const auto text = [&in](std::optional<std::string>& value) {
    if (in.flag()) value = std::string(in.text());
  };
  text(properties.content_type);
  text(properties.response_topic);
  text(properties.correlation_data);
  if (in.flag()) properties.message_expiry = in.integer();
  for (std::size_t left = in.count(2); left > 0 && in.ok(); --left) {
    std::string name(in.text());
    properties.user.emplace_back(std::move(name), std::string(in.text()));
  }
}

void write_state(StateWriter& out, const expression::StateView& state) {
  out.integer(state.count);
  for (const Value* value : {state.previous, state.fired_payload}) {
    out.flag(value != nullptr);
    if (value != nullptr) out.value(*value);
  }
  out.flag(state.fired_time.has_value());
  if (state.fired_time) out.instant(*state.fired_time);
}

}  // namespace

LiveMessage::LiveMessage(const model::Message& message, Moment now, std::vector<std::string_view>& levels)
    : message_(message), now_(now), levels_(levels) {
  split_topic(message.topic, levels_);
}

const Result<decode::Decoded>& LiveMessage::decoded(model::Decode how) {
  std::optional<Result<decode::Decoded>>& place = decoded_[static_cast<std::size_t>(how)];
  if (!place) place = decode::decode(message_.payload, how, message_.properties.content_type);
  return *place;
}

expression::Bindings Event::bindings(const CompiledRule& rule, const expression::DeviceView& device,
                                     Instant now) const {
  expression::Bindings bound;
  bound.payload = payload;
  bound.payload_json = payload_json;
  bound.topic = topic;
  bound.message = message;
  bound.message_time = time;
  bound.device = &device;
  bound.now = now;
  bound.state = &state;
  bound.rule = rule.id;
  return bound;
}

void remember(const CompiledRule& rule, const Event& event, StateWriter& out) {
  const Keeps& keeps = rule.keeps;
  std::uint8_t kept = 0;
  if (keeps.payload) kept |= event.payload == nullptr ? kUndecoded : kPayload;
  if (keeps.message) kept |= kMessage;
  // The levels that have names are enough where nothing asks for the whole topic.
  if (keeps.message) {
    kept |= kTopic;
  } else if (keeps.topic) {
    kept |= kLevels;
  }
  if (keeps.state) kept |= kState;
  out.byte(kept);
  if ((kept & kTopic) != 0) out.text(event.message->topic), out.natural(event.filter);
  if ((kept & kLevels) != 0) {
    for (const std::string_view level : event.topic.values) out.text(level);
  }
  if ((kept & kPayload) != 0) {
    out.text(event.message->payload);
    out.text(event.message->properties.content_type.value_or(""));
  }
  if ((kept & kMessage) != 0) {
    out.text(event.message->id);
    out.byte(static_cast<std::uint8_t>((event.message->qos & 3) | (event.message->retained ? 4 : 0) |
                                       (event.message->duplicate ? 8 : 0) |
                                       (event.message->webhook ? 16 : 0)));
    out.instant(event.time);
    write_properties(out, event.message->properties);
  }
  if ((kept & kState) != 0) write_state(out, event.state);
}

RecalledEvent::RecalledEvent(const CompiledRule& rule, std::string_view bytes) {
  StateReader in(bytes);
  const std::uint8_t kept = in.byte();
  event_.message = &message_;
  if ((kept & kTopic) != 0) {
    message_.topic = std::string(in.text());
    event_.filter = static_cast<std::uint32_t>(in.natural());
    split_topic(message_.topic, levels_);
    name_values(rule, event_.filter, levels_, values_);
    event_.topic = {rule.names, values_};
  }
  if ((kept & kLevels) != 0) {
    for (std::size_t i = 0; i < rule.names.size(); ++i) texts_.emplace_back(in.text());
    values_.assign(texts_.begin(), texts_.end());
    event_.topic = {rule.names, values_};
  }
  std::string content_type;
  if ((kept & kPayload) != 0) {
    message_.payload = std::string(in.text());
    content_type = std::string(in.text());
  }
  if ((kept & kMessage) != 0) read_message(in);
  if ((kept & kState) != 0) read_state(in);
  if ((kept & kPayload) == 0 || !in.ok()) return;
  Result<decode::Decoded> decoded =
      decode::decode(message_.payload, rule.decode,
                     content_type.empty() ? std::nullopt : std::optional<std::string>(content_type));
  if (!decoded) return;
  decoded_ = *std::move(decoded);
  event_.payload = &decoded_->payload;
  if (decoded_->was_json) event_.payload_json = message_.payload;
}

void RecalledEvent::read_message(StateReader& in) {
  message_.id = std::string(in.text());
  const std::uint8_t bits = in.byte();
  message_.qos = bits & 3;
  message_.retained = (bits & 4) != 0;
  message_.duplicate = (bits & 8) != 0;
  message_.webhook = (bits & 16) != 0;
  event_.time = in.instant();
  read_properties(in, message_.properties);
}

void RecalledEvent::read_state(StateReader& in) {
  event_.state.count = in.integer();
  if (in.flag()) previous_ = in.value(), event_.state.previous = &previous_;
  if (in.flag()) fired_payload_ = in.value(), event_.state.fired_payload = &fired_payload_;
  if (in.flag()) event_.state.fired_time = in.instant();
}

void name_values(const CompiledRule& rule, std::uint32_t filter, const std::vector<std::string_view>& levels,
                 std::vector<std::string_view>& values) {
  values.clear();
  if (filter >= rule.name_levels.size()) return;
  for (const std::size_t level : rule.name_levels[filter]) {
    values.push_back(level < levels.size() ? levels[level] : std::string_view{});
  }
}

}  // namespace sundial::rules
