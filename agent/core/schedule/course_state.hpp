// What a schedule has to remember over a restart, and its form on disk.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/model/schedule.hpp"
#include "platform/base/seldom.hpp"
#include "platform/base/time.hpp"

namespace sundial::schedule {

// Due times (after, until] that have had their turn: they never come again, whatever the clock does.
struct Settled {
  Instant after;
  Instant until;
};

// A due time that waits for its turn.
struct Occurrence {
  Instant due;
  Instant at;  // the time of its firing
  bool manual = false;
  bool made_up = false;
  model::Overlap overlap = model::Overlap::skip;
};

// A backfill that is not through: due times later than `after`, up to and including `until`.
struct Backfill {
  Instant after;
  Instant until;
  model::Overlap overlap = model::Overlap::skip;
};

struct CourseState {
  std::string fingerprint;  // the definition that this belongs to: its TOML keys as JSON
  Instant cursor{};         // due times up to here are behind
  Seldom<Settled> settled;  // oldest first
  std::optional<std::int64_t> remaining;
  bool paused = false;
  bool shadowed = false;  // a schedule of a file stood in its place
  std::string note;
  Seldom<std::string> running;   // workflow ids
  Seldom<Occurrence> buffered;   // wait for the running ones to end
  Seldom<Occurrence> undecided;  // overlap = "skip": wait to hear whether they overlapped
  Seldom<Backfill> backfills;
  std::optional<Instant> last_trigger;
  std::uint64_t fired = 0;
  std::uint64_t missed = 0;
};

std::string write_state(const CourseState& state);
// Nothing where the bytes are not what write_state gives.
std::optional<CourseState> read_state(std::string_view bytes);

std::string_view name_of(model::Overlap overlap);

}  // namespace sundial::schedule
