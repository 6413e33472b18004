// The ids of starts that have none: no other firing of the same rule has the same.
#include <fmt/format.h>

#include "agent/core/actions/actions.hpp"
#include "agent/core/actions/keys.hpp"
#include "platform/base/sha256.hpp"

namespace sundial::actions {
namespace {

std::string time_text(Instant instant) {
  return format_rfc3339(instant, Fraction::always);
}

// What of an id stands before its key and what behind, both without their dashes.
struct Pieces {
  std::string_view key;
  std::string behind;
};

Pieces pieces_of(const Firing& firing) {
  switch (firing.kind) {
    case Firing::Kind::message:
      return {{}, std::string(firing.message_id)};
    case Firing::Kind::back:
      return {{}, fmt::format("back-{}", firing.message_id)};
    case Firing::Kind::schedule:
      return {{}, format_rfc3339(firing.schedule_time, Fraction::when_needed)};
    case Firing::Kind::timer:
      return {firing.key, time_text(firing.at)};
    case Firing::Kind::window:
    case Firing::Kind::reload_window:
      return {firing.key, fmt::format("{}-{}", time_text(firing.window_start), time_text(firing.window_end))};
    case Firing::Kind::evicted_window:
      return {firing.key, fmt::format("{}-{}", time_text(firing.window_start), firing.message_id)};
  }
  return {};
}

std::string escaped(std::string_view key) {
  std::string out;
  for (char c : key) {
    if (c == '/') {
      out += "%2F";
    } else if (c == '%') {
      out += "%25";
    } else {
      out += c;
    }
  }
  return out;
}

// As much of the escaped key as fits, without half a character or half an escape.
std::string_view cut(std::string_view key, std::size_t size) {
  if (size >= key.size()) return key;
  while (size > 0 && (static_cast<unsigned char>(key[size]) & 0xC0U) == 0x80U) --size;
  for (std::size_t back = 1; back <= 2 && back <= size; ++back) {
    if (key[size - back] == '%') return key.substr(0, size - back);
  }
  return key.substr(0, size);
}

}  // namespace

std::string made_id(const Firing& firing, int start_number, std::optional<std::size_t> element) {
  const Pieces pieces = pieces_of(firing);
  std::string behind = "-" + pieces.behind;
  if (start_number > 1) behind += fmt::format("-{}", start_number);
  if (element) behind += fmt::format(".{}", *element);
  if (pieces.key.empty()) return fmt::format("{}{}", firing.owner, behind);

  const std::string key = escaped(pieces.key);
  const std::size_t fixed = firing.owner.size() + 1 + behind.size();
  if (fixed + key.size() <= kMaxId) return fmt::format("{}-{}{}", firing.owner, key, behind);
  const std::string digest = "~" + sha256_hex(pieces.key);
  const std::size_t room = fixed + digest.size() < kMaxId ? kMaxId - fixed - digest.size() : 0;
  return fmt::format("{}-{}{}{}", firing.owner, cut(key, room), digest, behind);
}

}  // namespace sundial::actions
