// The naive reference: looks at every minute or second of the wall clock and asks each field's text
// whether it matches. Shares nothing with the code that it judges.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "platform/base/time_zone.hpp"

namespace sundial::schedule::oracle {

// The wall clock of a zone from one instant to another, looked at every so many seconds.
struct Stretch {
  struct Moment {
    Seconds instant;
    CivilSeconds civil;
    CivilSeconds expected;  // what the wall clock would show had it run on evenly
    bool first;             // it did not show this before
  };
  Stretch(const TimeZone& zone, Seconds after, Seconds until, bool by_second);

  Seconds after;
  Seconds until;
  std::vector<Moment> moments;  // those of (after, until]
};

// Fields that are known to be right: of a cron string (five, six or seven), where either day may match,
// or of a structured calendar (seven), where all must.
class Cron {
 public:
  enum class Days { either, all };
  explicit Cron(std::string_view text, Days days = Days::either);

  bool has_seconds() const { return has_seconds_; }
  bool matches(CivilSeconds civil) const;
  // All due times of the stretch, one by one, without those whose wall-clock time is excluded.
  std::vector<Seconds> times(const Stretch& stretch, bool once,
                             const std::vector<Cron>& exclusions = {}) const;

 private:
  bool day_matches(CivilSeconds civil) const;
  bool skipped_match(CivilSeconds from, CivilSeconds until) const;

  std::vector<std::string> fields_;  // second to day of week, year
  Days days_;
  bool has_seconds_ = true;
  std::vector<bool> seconds_, minutes_, hours_;  // each value, asked once
  mutable std::chrono::local_days day_{std::chrono::days{-1'000'000}};
  mutable bool day_matches_ = false;  // of day_
};

}  // namespace sundial::schedule::oracle
