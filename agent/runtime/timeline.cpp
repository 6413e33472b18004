// Elapsed time that goes on over restarts: what timers of rules are counted in.
#include "agent/runtime/timeline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "platform/base/text.hpp"

namespace sundial::runtime {
namespace {

std::optional<Millis> read_number(std::string_view text) {
  Millis::rep number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return Millis{number};
}

}  // namespace

std::string write_moment(const LastMoment& last) {
  return fmt::format("{} {} {} {}", last.moment.wall.time_since_epoch().count(),
                     last.moment.elapsed.time_since_epoch().count(), last.since_boot.count(), last.boot_id);
}

std::optional<LastMoment> read_moment(std::string_view text) {
  const auto parts = split(text, ' ');
  if (parts.size() != 4) return std::nullopt;
  const auto wall = read_number(parts[0]);
  const auto elapsed = read_number(parts[1]);
  const auto since_boot = read_number(parts[2]);
  if (!wall || !elapsed || !since_boot) return std::nullopt;
  return LastMoment{{Instant{*wall}, Elapsed{*elapsed}}, *since_boot, std::string(parts[3])};
}

Timeline Timeline::begin(const std::optional<LastMoment>& last, const Present& present) {
  if (!last) return Timeline(Millis{0});
  Millis away{0};
  // An id that can't be read tells nothing.
  if (!present.boot_id.empty() && last->boot_id == present.boot_id) {
    away = present.since_boot - last->since_boot;
  } else if (present.clock_trusted) {
    away = present.moment.wall - last->moment.wall;
  }
  return Timeline(last->moment.elapsed + std::max(away, Millis{0}) - present.moment.elapsed);
}

}  // namespace sundial::runtime
