// Moves what an action carries under `sealed`, in the form in which it is sent, and back.
#include <array>

#include "agent/adapters/temporal/codec.hpp"
#include "agent/adapters/temporal/payloads.hpp"
#include "platform/json/json.hpp"

namespace sundial::temporal {
namespace {

constexpr std::array<std::string_view, 2> kLists{"args", "start_args"};
constexpr std::array<std::string_view, 2> kSingles{"result", "details"};

Result<Value> sealed_value(const Value& value, const PayloadCodec& codec) {
  const auto text = encode_value(value, &codec);
  if (!text) return text.error();
  return json::parse(*text);
}

Result<Value> sealed_list(const Value& value, const PayloadCodec& codec) {
  List payloads;
  const List* list = value.get_if<List>();
  const List single{value};
  for (const Value& element : list == nullptr ? single : *list) {
    auto payload = sealed_value(element, codec);
    if (!payload) return payload.error();
    payloads.push_back(std::move(*payload));
  }
  return Value(std::move(payloads));
}

Result<Value> sealed_fields(const Value& value, const PayloadCodec& codec) {
  Map fields;
  const Map* map = value.get_if<Map>();
  if (map == nullptr) return Value(std::move(fields));
  for (const auto& [key, member] : *map) {
    auto payload = sealed_value(member, codec);
    if (!payload) return payload.error();
    fields.set(*key.text(), std::move(*payload));
  }
  return Value(std::move(fields));
}

using Transform = Result<Value> (*)(const Value&, const PayloadCodec&);

Result<Value> opened_value(const Value& value, const PayloadCodec& codec) {
  return decode_payload(value, &codec);
}

Result<Value> opened_list(const Value& value, const PayloadCodec& codec) {
  auto list = decode_list(&value, &codec);
  if (!list) return list.error();
  return Value(std::move(*list));
}

Result<Value> opened_fields(const Value& value, const PayloadCodec& codec) {
  Map fields;
  const Map* map = value.get_if<Map>();
  if (map == nullptr) return Value(std::move(fields));
  for (const auto& [key, payload] : *map) {
    auto opened = decode_payload(payload, &codec);
    if (!opened) return opened.error();
    fields.set(*key.text(), std::move(*opened));
  }
  return Value(std::move(fields));
}

// Moves one member from one map to another, transformed; nothing where it is not there.
Result<void> move_member(Map& from, Map& to, std::string_view key, std::string_view new_key,
                         Transform transform, const PayloadCodec& codec) {
  const Value* value = from.find(key);
  if (value == nullptr) return {};
  auto changed = transform(*value, codec);
  if (!changed) return changed.error();
  to.set(new_key, std::move(*changed));
  from.erase(key);
  return {};
}

class Sealer final : public RecordSealer {
 public:
  explicit Sealer(const PayloadCodec& codec) : codec_(codec) {}

  Result<void> seal(model::OutboxRecord& record) const override {
    if (record.kind == model::ActionKind::publish) return {};  // the broker's own business
    Map& action = record.action;
    Map sealed;
    if (auto moved = move_all(action, sealed, sealed_list, sealed_value, sealed_fields); !moved) return moved;
    Value* failure = action.find("failure");
    if (failure != nullptr && failure->is<Map>()) {
      auto moved =
          move_member(*failure->get_if<Map>(), sealed, "details", "failure_details", sealed_value, codec_);
      if (!moved) return moved;
    }
    if (!sealed.empty()) action.set("sealed", std::move(sealed));
    return {};
  }

  Result<void> open(model::OutboxRecord& record) const override {
    Map& action = record.action;
    Value* value = action.find("sealed");
    if (value == nullptr || !value->is<Map>()) return {};
    Map sealed = std::move(*value->get_if<Map>());
    action.erase("sealed");
    if (auto moved = move_all(sealed, action, opened_list, opened_value, opened_fields); !moved) return moved;
    Value* failure = action.find("failure");
    if (failure == nullptr || !failure->is<Map>()) return {};
    return move_member(sealed, *failure->get_if<Map>(), "failure_details", "details", opened_value, codec_);
  }

 private:
  Result<void> move_all(Map& from, Map& to, Transform list, Transform single, Transform fields) const {
    for (const std::string_view key : kLists) {
      if (auto moved = move_member(from, to, key, key, list, codec_); !moved) return moved;
    }
    for (const std::string_view key : kSingles) {
      if (auto moved = move_member(from, to, key, key, single, codec_); !moved) return moved;
    }
    return move_member(from, to, "memo", "memo", fields, codec_);
  }

  const PayloadCodec& codec_;
};

}  // namespace

std::unique_ptr<RecordSealer> make_sealer(const PayloadCodec& codec) {
  return std::make_unique<Sealer>(codec);
}

}  // namespace sundial::temporal
