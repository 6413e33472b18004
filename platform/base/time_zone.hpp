// Time zones as the core is handed them: civil time to instants and back, without a clock or a file.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "platform/base/result.hpp"
#include "platform/base/time.hpp"

namespace sundial {

// A wall-clock reading without a zone, counted in seconds as if it were UTC.
using CivilSeconds = std::chrono::local_seconds;
using Seconds = std::chrono::sys_seconds;

// What a civil time means in a zone.
struct CivilLookup {
  enum class Kind { unique, skipped, repeated };
  Kind kind = Kind::unique;
  Seconds before;  // unique: the instant; repeated: the first; skipped: read with the offset before the gap
  Seconds transition;  // skipped, repeated: where the offset changes
  Seconds after;       // repeated: the second; skipped: read with the offset after the gap
};

class TimeZone {
 public:
  virtual ~TimeZone() = default;
  virtual const std::string& name() const = 0;
  virtual CivilSeconds civil(Seconds instant) const = 0;
  virtual CivilLookup lookup(CivilSeconds civil) const = 0;
  // The first instant after `instant` at which the offset from UTC changes.
  virtual std::optional<Seconds> next_transition(Seconds instant) const = 0;
};

// Where zones come from; unknown names are answered with a suggestion.
class ZoneSource {
 public:
  virtual ~ZoneSource() = default;
  virtual Result<std::shared_ptr<const TimeZone>> find(std::string_view name) const = 0;
};

}  // namespace sundial
