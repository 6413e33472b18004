// The texts of records, member by member.
#include "agent/adapters/sqlite/rows.hpp"

#include "agent/adapters/sqlite/value_text.hpp"
#include "platform/base/crc32c.hpp"

namespace sundial::sqlite {
namespace {

void set_text(Map& map, std::string_view key, const std::string& text) {
  if (!text.empty()) map.append(key, text);
}
void set_flag(Map& map, std::string_view key, bool flag) {
  if (flag) map.append(key, true);
}

std::string text_of(const Value& document, std::string_view key) {
  const Value* member = document.find(key);
  return member == nullptr || member->text() == nullptr ? std::string() : *member->text();
}

bool flag_of(const Value& document, std::string_view key) {
  const Value* member = document.find(key);
  return member != nullptr && member->is<bool>() && *member->get_if<bool>();
}

std::optional<std::int64_t> number_of(const Value& document, std::string_view key) {
  const Value* member = document.find(key);
  if (member == nullptr || !member->is<std::int64_t>()) return std::nullopt;
  return *member->get_if<std::int64_t>();
}

std::optional<model::OriginKind> origin_kind(std::string_view name) {
  for (const auto kind : {model::OriginKind::rule, model::OriginKind::schedule, model::OriginKind::http,
                          model::OriginKind::command_line}) {
    if (model::name_of(kind) == name) return kind;
  }
  return std::nullopt;
}

}  // namespace

std::string record_to_text(const model::OutboxRecord& record) {
  Map map;
  map.append("kind", model::name_of(record.kind));
  map.append("action", record.action);
  map.append("lane", record.lane);
  set_text(map, "request_id", record.request_id);
  set_flag(map, "id_left_out", record.id_left_out);
  set_flag(map, "id_names_event", record.id_names_event);
  set_flag(map, "paced", record.paced);
  map.append("origin", model::name_of(record.origin.kind));
  set_text(map, "origin_id", record.origin.id);
  set_text(map, "origin_key", record.origin.key);
  set_text(map, "origin_event", record.origin.event);
  set_text(map, "origin_trace", record.origin.trace);
  map.append("decided", std::int64_t{record.decided.wall.time_since_epoch().count()});
  map.append("decided_elapsed", std::int64_t{record.decided.elapsed.time_since_epoch().count()});
  if (record.expires) map.append("expires", std::int64_t{record.expires->count()});
  if (record.priority != 0) map.append("priority", record.priority);
  if (record.result_to) map.append("result_to", *record.result_to);
  return value_to_text(map);
}

Result<model::OutboxRecord> record_from_text(std::uint64_t number, std::string_view text) {
  const Error unreadable(ErrorKind::corrupt,
                         "record " + std::to_string(number) + " of the outbox can't be read");
  auto document = value_from_text(text);
  if (!document) return unreadable;
  model::OutboxRecord record;
  record.number = number;
  const auto kind = model::action_kind(text_of(*document, "kind"));
  const auto origin = origin_kind(text_of(*document, "origin"));
  const Value* action = document->find("action");
  if (!kind || !origin || action == nullptr || !action->is<Map>()) return unreadable;
  record.kind = *kind;
  record.action = *action->get_if<Map>();
  record.lane = text_of(*document, "lane");
  record.request_id = text_of(*document, "request_id");
  record.id_left_out = flag_of(*document, "id_left_out");
  record.id_names_event = flag_of(*document, "id_names_event");
  record.paced = flag_of(*document, "paced");
  record.origin = {*origin, text_of(*document, "origin_id"), text_of(*document, "origin_key"),
                   text_of(*document, "origin_event"), text_of(*document, "origin_trace")};
  record.decided.wall = Instant{Millis{number_of(*document, "decided").value_or(0)}};
  record.decided.elapsed = Elapsed{Millis{number_of(*document, "decided_elapsed").value_or(0)}};
  if (const auto expires = number_of(*document, "expires")) record.expires = Millis{*expires};
  record.priority = static_cast<int>(number_of(*document, "priority").value_or(0));
  if (const Value* result_to = document->find("result_to")) record.result_to = *result_to;
  return record;
}

std::optional<std::string> memory_to_text(const DeliveryMemory& memory) {
  Map map;
  if (memory.tries != 0) map.append("tries", memory.tries);
  set_flag(map, "outcome_unknown", memory.outcome_unknown);
  if (memory.first_try) map.append("first_try", std::int64_t{memory.first_try->time_since_epoch().count()});
  set_text(map, "first_run_id", memory.first_run_id);
  set_text(map, "renamed_id", memory.renamed_id);
  if (memory.attempt) map.append("attempt", *memory.attempt);
  if (map.empty()) return std::nullopt;
  return value_to_text(map);
}

DeliveryMemory memory_from_text(std::string_view text) {
  DeliveryMemory memory;
  const auto document = value_from_text(text);
  if (!document) return memory;
  memory.tries = static_cast<int>(number_of(*document, "tries").value_or(0));
  memory.outcome_unknown = flag_of(*document, "outcome_unknown");
  if (const auto at = number_of(*document, "first_try")) memory.first_try = Instant{Millis{*at}};
  memory.first_run_id = text_of(*document, "first_run_id");
  memory.renamed_id = text_of(*document, "renamed_id");
  if (const auto attempt = number_of(*document, "attempt")) memory.attempt = static_cast<int>(*attempt);
  return memory;
}

std::uint64_t room_of(std::string_view text) {
  constexpr std::uint64_t kBesideText = 40;
  constexpr std::uint64_t kInPage = 1000;  // of 1024
  const std::uint64_t row = text.size() + kBesideText;
  return row <= kInPage ? kInPage / (kInPage / row) : 1024 * ((row + kInPage - 1) / kInPage);
}

std::int64_t lane_hash(std::string_view lane) {
  return std::int64_t{crc32c(lane, 1)} << 31 ^ std::int64_t{crc32c(lane, 2)};
}

std::int64_t sum_of(std::uint64_t number, std::string_view text) {
  return crc32c(text, crc32c(std::to_string(number)));
}

std::int64_t sum_of(std::string_view owner, std::string_view key, std::string_view bytes) {
  return crc32c(bytes, crc32c(key, crc32c(owner)));
}

}  // namespace sundial::sqlite
