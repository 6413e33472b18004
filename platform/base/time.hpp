// Instants, spans and their texts: whole milliseconds everywhere, units in types, never in names.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "platform/base/result.hpp"

namespace sundial {

using Millis = std::chrono::milliseconds;

// A point of the wall clock (UTC).
using Instant = std::chrono::sys_time<Millis>;

// A point of elapsed time: what a steady clock counts, which no step of the wall clock moves.
struct ElapsedClock {
  using rep = Millis::rep;
  using period = Millis::period;
  using duration = Millis;
  using time_point = std::chrono::time_point<ElapsedClock>;
  static constexpr bool is_steady = true;
};
using Elapsed = std::chrono::time_point<ElapsedClock, Millis>;

// "Now", as the core is told it: both clocks at one moment.
struct Moment {
  Instant wall;
  Elapsed elapsed;
};

// RFC 3339 in UTC. `always`: three digits of the second ("2026-01-01T00:00:00.000Z");
// `when_needed`: no fraction on a whole second, else three digits.
enum class Fraction { always, when_needed };
std::string format_rfc3339(Instant instant, Fraction fraction);

// Accepts an offset or Z and any fraction; what lies below a millisecond is cut off.
Result<Instant> parse_rfc3339(std::string_view text);

// "90s", "1h30m", "250ms", "5d": a number with ms s m h d, or several.
Result<Millis> parse_duration(std::string_view text);

// The shortest text that parse_duration reads back: "1h30m", "250ms", "0s".
std::string format_duration(Millis duration);

}  // namespace sundial
