// Events: a message as a rule sees it, while it is there and, as far as something asks for it, later.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/decode/decode.hpp"
#include "agent/core/expression/scope.hpp"
#include "agent/core/model/input.hpp"
#include "agent/core/rules/compiled_rule.hpp"
#include "agent/core/rules/state_codec.hpp"

namespace sundial::rules {

// A message that just came: its topic split once, its payload decoded at most once a kind.
class LiveMessage {
 public:
  // `levels` is scratch, to be kept for the next message.
  LiveMessage(const model::Message& message, Moment now, std::vector<std::string_view>& levels);

  const model::Message& message() const { return message_; }
  Moment now() const { return now_; }
  Instant time() const { return message_.time.value_or(now_.wall); }
  const std::vector<std::string_view>& levels() const { return levels_; }
  const Result<decode::Decoded>& decoded(model::Decode how);

 private:
  const model::Message& message_;
  Moment now_;
  std::vector<std::string_view>& levels_;
  std::array<std::optional<Result<decode::Decoded>>, 6> decoded_;
};

// What expressions see of a message. Points to what lives elsewhere: a LiveMessage or a RecalledEvent.
struct Event {
  const model::Message* message = nullptr;
  Instant time{};
  const Value* payload = nullptr;  // null: it could not be decoded, or was not kept
  std::optional<std::string_view> payload_json;
  expression::TopicLevels topic;
  std::uint32_t filter = 0;
  expression::StateView state;

  expression::Bindings bindings(const CompiledRule& rule, const expression::DeviceView& device,
                                Instant now) const;
};

// As much of the event as the rule will ask for later, as bytes.
void remember(const CompiledRule& rule, const Event& event, StateWriter& out);

// An event out of such bytes; nothing of it moves while it lives.
class RecalledEvent {
 public:
  RecalledEvent(const CompiledRule& rule, std::string_view bytes);
  RecalledEvent(const RecalledEvent&) = delete;
  RecalledEvent& operator=(const RecalledEvent&) = delete;

  const Event& event() const { return event_; }

 private:
  void read_message(StateReader& reader);
  void read_state(StateReader& reader);

  model::Message message_;
  std::optional<decode::Decoded> decoded_;
  std::vector<std::string> texts_;  // of the named levels, where they are kept without the topic
  std::vector<std::string_view> levels_;
  std::vector<std::string_view> values_;
  Value previous_;
  Value fired_payload_;
  Event event_;
};

// The values of the rule's names in a topic that its filter of this place matched.
void name_values(const CompiledRule& rule, std::uint32_t filter, const std::vector<std::string_view>& levels,
                 std::vector<std::string_view>& values);

}  // namespace sundial::rules
