// Walks down an answer.
#include "agent/adapters/temporal/json_access.hpp"

#include <charconv>

namespace sundial::temporal {
namespace {

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

const Value* at(const Value& value, Path path) {
  const Value* here = &value;
  for (const std::string_view key : path) {
    here = here->find(key);
    if (here == nullptr) return nullptr;
  }
  return here;
}

std::string text_at(const Value& value, Path path) {
  const Value* found = at(value, path);
  return found != nullptr && found->text() != nullptr ? *found->text() : "";
}

std::optional<std::int64_t> integer_at(const Value& value, Path path) {
  const Value* found = at(value, path);
  if (found == nullptr) return std::nullopt;
  if (const std::int64_t* integer = found->get_if<std::int64_t>()) return *integer;
  return found->text() == nullptr ? std::nullopt : number(*found->text());
}

std::optional<Instant> time_at(const Value& value, Path path) {
  const auto time = parse_rfc3339(text_at(value, path));
  if (!time || *time <= Instant(Millis(0))) return std::nullopt;  // year 1 stands for "never"
  return *time;
}

std::optional<std::chrono::seconds> seconds_at(const Value& value, Path path) {
  std::string text = text_at(value, path);
  if (!text.ends_with('s')) return std::nullopt;
  text.pop_back();
  const auto seconds = number(text.substr(0, text.find('.')));
  if (!seconds) return std::nullopt;
  return std::chrono::seconds(*seconds);
}

const List& list_at(const Value& value, Path path) {
  static const List kEmpty;
  const Value* found = at(value, path);
  const List* list = found == nullptr ? nullptr : found->get_if<List>();
  return list == nullptr ? kEmpty : *list;
}

}  // namespace sundial::temporal
