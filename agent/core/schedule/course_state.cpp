// The durable form: one small JSON document, in which what is empty is left out.
#include "agent/core/schedule/course_state.hpp"

#include <array>
#include <utility>

#include "platform/base/value.hpp"
#include "platform/json/json.hpp"

namespace sundial::schedule {
namespace {

constexpr std::array<std::string_view, 6> kOverlaps{"skip",         "buffer_one",      "buffer_all",
                                                    "cancel_other", "terminate_other", "allow_all"};

Value millis(Instant instant) {
  return std::int64_t{instant.time_since_epoch().count()};
}

template <typename Item, typename Write>
void put_list(Map& map, std::string_view key, const Seldom<Item>& items, Write write) {
  if (items.empty()) return;
  List list;
  for (const Item& item : items) list.push_back(write(item));
  map.set(key, std::move(list));
}

Value write_occurrence(const Occurrence& occurrence) {
  return List{millis(occurrence.due), millis(occurrence.at), occurrence.manual, occurrence.made_up,
              std::string(name_of(occurrence.overlap))};
}

Value write_backfill(const Backfill& backfill) {
  return List{millis(backfill.after), millis(backfill.until), std::string(name_of(backfill.overlap))};
}

// Reads members one after the other; the first that is of another type spoils the whole.
class Reader {
 public:
  explicit Reader(const Value& document) : document_(document) {}

  bool good() const { return good_; }

  Instant instant(const Value* value) {
    const std::int64_t* number = value == nullptr ? nullptr : value->get_if<std::int64_t>();
    good_ = good_ && number != nullptr;
    return Instant{Millis{number == nullptr ? 0 : *number}};
  }
  bool flag(const Value* value) {
    const bool* flag = value == nullptr ? nullptr : value->get_if<bool>();
    good_ = good_ && flag != nullptr;
    return flag != nullptr && *flag;
  }
  std::string text(const Value* value) {
    const std::string* text = value == nullptr ? nullptr : value->text();
    good_ = good_ && text != nullptr;
    return text == nullptr ? std::string() : *text;
  }
  model::Overlap overlap(const Value* value) {
    const std::string name = text(value);
    for (std::size_t i = 0; i < kOverlaps.size(); ++i) {
      if (name == kOverlaps[i]) return static_cast<model::Overlap>(i);
    }
    good_ = false;
    return model::Overlap::skip;
  }

  const Value* member(std::string_view key) const { return document_.find(key); }

  // Each element of a list of lists of this size.
  template <typename Item, typename Read>
  void list(std::string_view key, std::size_t size, Seldom<Item>& into, Read read) {
    const Value* value = member(key);
    if (value == nullptr) return;
    const List* outer = value->get_if<List>();
    good_ = good_ && outer != nullptr;
    for (std::size_t i = 0; good_ && i < outer->size(); ++i) {
      const List* inner = (*outer)[i].get_if<List>();
      good_ = inner != nullptr && inner->size() == size;
      if (good_) into.push_back(read(*inner));
    }
  }

 private:
  const Value& document_;
  bool good_ = true;
};

void read_lists(Reader& reader, CourseState& state) {
  const auto occurrence = [&reader](const List& list) {
    return Occurrence{reader.instant(&list[0]), reader.instant(&list[1]), reader.flag(&list[2]),
                      reader.flag(&list[3]), reader.overlap(&list[4])};
  };
  reader.list("settled", 2, state.settled, [&reader](const List& list) {
    return Settled{reader.instant(&list[0]), reader.instant(&list[1])};
  });
  reader.list("running", 1, state.running, [&reader](const List& list) { return reader.text(&list[0]); });
  reader.list("buffered", 5, state.buffered, occurrence);
  reader.list("undecided", 5, state.undecided, occurrence);
  reader.list("backfills", 3, state.backfills, [&reader](const List& list) {
    return Backfill{reader.instant(&list[0]), reader.instant(&list[1]), reader.overlap(&list[2])};
  });
}

std::int64_t number_or(const Value* value, std::int64_t otherwise) {
  const std::int64_t* number = value == nullptr ? nullptr : value->get_if<std::int64_t>();
  return number == nullptr ? otherwise : *number;
}

}  // namespace

std::string_view name_of(model::Overlap overlap) {
  return kOverlaps[static_cast<std::size_t>(overlap)];
}

std::string write_state(const CourseState& state) {
  Map map;
  map.set("fingerprint", state.fingerprint);
  map.set("cursor", millis(state.cursor));
  put_list(map, "settled", state.settled, [](const Settled& settled) {
    return List{millis(settled.after), millis(settled.until)};
  });
  if (state.remaining) map.set("remaining", *state.remaining);
  if (state.paused) map.set("paused", true);
  if (state.shadowed) map.set("shadowed", true);
  if (!state.note.empty()) map.set("note", state.note);
  put_list(map, "running", state.running, [](const std::string& id) { return List{Value(id)}; });
  put_list(map, "buffered", state.buffered, write_occurrence);
  put_list(map, "undecided", state.undecided, write_occurrence);
  put_list(map, "backfills", state.backfills, write_backfill);
  if (state.last_trigger) map.set("last_trigger", millis(*state.last_trigger));
  map.set("fired", static_cast<std::int64_t>(state.fired));
  map.set("missed", static_cast<std::int64_t>(state.missed));
  return json::write(map);
}

std::optional<CourseState> read_state(std::string_view bytes) {
  const auto document = json::parse(bytes);
  if (!document) return std::nullopt;
  Reader reader(*document);
  CourseState state;
  state.fingerprint = reader.text(reader.member("fingerprint"));
  state.cursor = reader.instant(reader.member("cursor"));
  read_lists(reader, state);
  if (const Value* remaining = reader.member("remaining")) state.remaining = number_or(remaining, 0);
  state.paused = reader.member("paused") != nullptr && reader.flag(reader.member("paused"));
  state.shadowed = reader.member("shadowed") != nullptr && reader.flag(reader.member("shadowed"));
  if (const Value* note = reader.member("note")) state.note = reader.text(note);
  if (const Value* trigger = reader.member("last_trigger")) state.last_trigger = reader.instant(trigger);
  state.fired = static_cast<std::uint64_t>(number_or(reader.member("fired"), 0));
  state.missed = static_cast<std::uint64_t>(number_or(reader.member("missed"), 0));
  return reader.good() ? std::optional(std::move(state)) : std::nullopt;
}

}  // namespace sundial::schedule
