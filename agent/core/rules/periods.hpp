// The periods of `every`: pieces of time that are aligned to the epoch, to local hours or to local days.
#pragma once

#include <memory>
#include <optional>

#include "platform/base/result.hpp"
#include "platform/base/time.hpp"
#include "platform/base/time_zone.hpp"

namespace sundial::rules {

struct Period {
  Instant start;
  Instant end;

  bool holds(Instant instant) const { return start <= instant && instant < end; }
};

// Below an hour periods are aligned to the epoch. One hour runs by elapsed time from local midnight,
// the day's last ending at the next midnight. 2, 3, 4, 6, 8 and 12 hours begin when a local clock
// first shows, or has skipped, those hours. Whole days begin at local midnight and are counted from
// Monday, 1970-01-05.
class Periods {
 public:
  // Another length is an error that names the nearest right one.
  static Result<Periods> of(Millis every, std::shared_ptr<const TimeZone> zone);

  Period containing(Instant instant) const;
  Period after(const Period& period) const { return containing(period.end); }
  // The period that ends where `steps` periods after this one does.
  Period later(Period period, std::int64_t steps) const;
  Period earlier(Period period, std::int64_t steps) const;
  Millis length() const { return every_; }

 private:
  Periods(Millis every, std::shared_ptr<const TimeZone> zone) : every_(every), zone_(std::move(zone)) {}

  Period short_period(Instant instant) const;
  Period hour_period(Instant instant) const;
  Period clock_period(Instant instant) const;
  Period day_period(Instant instant) const;
  // When a local clock first shows, or has skipped, this time.
  Instant first_shown(CivilSeconds civil) const;
  std::chrono::local_days local_day(Instant instant) const;

  Millis every_;
  std::shared_ptr<const TimeZone> zone_;
  mutable std::optional<Period> last_;  // the period asked for last: messages come in order
};

}  // namespace sundial::rules
