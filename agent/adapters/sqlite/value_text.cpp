// Tagging before JSON is written, and untagging after it was read.
#include "agent/adapters/sqlite/value_text.hpp"

#include <charconv>
#include <cmath>

#include "platform/base/text.hpp"
#include "platform/json/json.hpp"

namespace sundial::sqlite {
namespace {

// What lies deeper goes as a text of its own, so that JSON's bound on depth is never met. The depth of
// values themselves is bounded where they come in.
constexpr int kDeep = 24;

Value tagged(const char* tag, Value value) {
  Map map;
  map.append(Value(tag), std::move(value));
  return map;
}

Value pair_of(std::int64_t seconds, std::int32_t nanos) {
  return List{Value(seconds), Value(std::int64_t{nanos})};
}

bool has_plain_keys(const Map& map) {
  for (const auto& [key, value] : map) {
    const std::string* name = key.text();
    if (name == nullptr || name->starts_with('$') || !is_utf8(*name)) return false;
  }
  return true;
}

Value tag(const Value& value, int depth);

struct Tagger {
  int depth;

  Value operator()(const Null&) const { return {}; }
  Value operator()(bool value) const { return value; }
  Value operator()(std::int64_t value) const { return value; }
  Value operator()(std::uint64_t value) const { return tagged("$uint", std::to_string(value)); }
  Value operator()(double value) const {
    if (std::isfinite(value)) return value;
    return tagged("$double", std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
  }
  Value operator()(const std::string& text) const {
    return is_utf8(text) ? Value(text) : tagged("$text", base64_encode(text));
  }
  Value operator()(const Bytes& bytes) const { return tagged("$bytes", base64_encode(bytes.data)); }
  Value operator()(const Timestamp& time) const { return tagged("$time", pair_of(time.seconds, time.nanos)); }
  Value operator()(const TimeSpan& span) const { return tagged("$span", pair_of(span.seconds, span.nanos)); }
  Value operator()(const TypeName& type) const { return tagged("$type", type.name); }
  Value operator()(const Verbatim& verbatim) const {
    return is_utf8(verbatim.json) ? tagged("$verbatim", verbatim.json)
                                  : tagged("$verbatim64", base64_encode(verbatim.json));
  }
  Value operator()(const List& list) const {
    List result;
    for (const Value& element : list) result.push_back(tag(element, depth + 1));
    return result;
  }
  Value operator()(const Map& map) const {
    if (has_plain_keys(map)) {
      Map result;
      for (const auto& [key, value] : map) result.append(key, tag(value, depth + 1));
      return result;
    }
    List pairs;
    for (const auto& [key, value] : map) pairs.push_back(List{tag(key, depth + 1), tag(value, depth + 1)});
    return tagged("$map", std::move(pairs));
  }
};

Value tag(const Value& value, int depth) {
  const bool nested = value.is<List>() || value.is<Map>();
  if (depth > kDeep && nested) return tagged("$deep", value_to_text(value));
  return std::visit(Tagger{depth}, value.variant());
}

Value untag(Value value);

Value number_of(const std::string& digits) {
  std::uint64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

template <typename T>
Value time_of(const Value& pair) {
  const List* list = pair.get_if<List>();
  if (list == nullptr || list->size() != 2) return {};
  const auto* seconds = (*list)[0].get_if<std::int64_t>();
  const auto* nanos = (*list)[1].get_if<std::int64_t>();
  if (seconds == nullptr || nanos == nullptr) return {};
  return T{*seconds, static_cast<std::int32_t>(*nanos)};
}

Value map_of(Value pairs) {
  Map map;
  List* list = pairs.get_if<List>();
  if (list == nullptr) return map;
  for (Value& element : *list) {
    List* pair = element.get_if<List>();
    if (pair == nullptr || pair->size() != 2) continue;
    map.append(untag(std::move((*pair)[0])), untag(std::move((*pair)[1])));
  }
  return map;
}

Value from_tag(const std::string& name, Value content) {
  const std::string* text = content.text();
  const std::string word = text == nullptr ? std::string() : *text;
  if (name == "$uint") return number_of(word);
  if (name == "$double") {
    if (word == "NaN") return std::nan("");
    return word == "Infinity" ? HUGE_VAL : -HUGE_VAL;
  }
  if (name == "$text") return base64_decode(word).value_or("");
  if (name == "$bytes") return Bytes{base64_decode(word).value_or("")};
  if (name == "$time") return time_of<Timestamp>(content);
  if (name == "$span") return time_of<TimeSpan>(content);
  if (name == "$type") return TypeName{word};
  if (name == "$verbatim") return Verbatim{word};
  if (name == "$verbatim64") return Verbatim{base64_decode(word).value_or("")};
  if (name == "$deep") return value_from_text(word).value_or(Value());
  return map_of(std::move(content));
}

Value untag(Value value) {
  if (List* list = value.get_if<List>()) {
    for (Value& element : *list) element = untag(std::move(element));
    return value;
  }
  Map* map = value.get_if<Map>();
  if (map == nullptr) return value;
  if (map->size() == 1) {
    auto& [key, content] = *map->begin();
    if (key.text() != nullptr && key.text()->starts_with('$'))
      return from_tag(*key.text(), std::move(content));
  }
  for (auto& [key, content] : *map) content = untag(std::move(content));
  return value;
}

}  // namespace

std::string value_to_text(const Value& value) {
  return json::write(tag(value, 0));
}

Result<Value> value_from_text(std::string_view text) {
  auto parsed = json::parse(text);
  if (!parsed) return parsed.error();
  return untag(std::move(*parsed));
}

}  // namespace sundial::sqlite
