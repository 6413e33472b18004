// Counts texts and a constant for each value; depth is bounded by what made the record.
#include "agent/core/outbox/weight.hpp"

namespace sundial::outbox {
namespace {

constexpr std::size_t kValue = sizeof(Value);
constexpr int kDeepest = 128;

std::size_t weight_of_value(const Value& value, int depth) {
  std::size_t weight = kValue;
  if (depth > kDeepest) return weight;
  if (const auto* text = value.text()) return weight + text->size();
  if (const auto* verbatim = value.get_if<Verbatim>()) return weight + verbatim->json.size();
  if (const auto* bytes = value.get_if<Bytes>()) return weight + bytes->data.size();
  if (const auto* list = value.get_if<List>()) {
    for (const Value& element : *list) weight += weight_of_value(element, depth + 1);
  }
  if (const auto* map = value.get_if<Map>()) {
    for (const auto& [key, member] : *map) {
      weight += weight_of_value(key, depth + 1) + weight_of_value(member, depth + 1);
    }
  }
  return weight;
}

}  // namespace

std::size_t weight_of(const model::OutboxRecord& record) {
  std::size_t weight = sizeof(record) + record.lane.size() + record.request_id.size();
  for (const auto& [key, value] : record.action) weight += kValue + weight_of_value(value, 0);
  return weight;
}

}  // namespace sundial::outbox
