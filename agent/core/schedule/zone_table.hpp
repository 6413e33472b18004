// ZoneTable: a time zone as spans of constant offset, laid out for lookups in a few nanoseconds.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/result.hpp"
#include "platform/base/time_zone.hpp"

namespace sundial::schedule {

// A stretch [begin, end) in which the wall clock runs evenly.
struct Span {
  Seconds begin;
  Seconds end;
  std::chrono::seconds offset;  // civil = instant + offset

  CivilSeconds civil(Seconds instant) const { return CivilSeconds{instant.time_since_epoch() + offset}; }
  Seconds instant(CivilSeconds civil) const { return Seconds{civil.time_since_epoch() - offset}; }
};

// Immutable, so that all schedules of a zone share one. Neighbouring spans differ in their offset.
class ZoneTable {
 public:
  explicit ZoneTable(std::shared_ptr<const TimeZone> zone);

  const std::string& name() const { return zone_->name(); }
  // The span that holds the instant. Rules that go on for ever repeat with the calendar, every 400
  // years, so there is no horizon.
  Span at(Seconds instant) const;
  CivilSeconds civil(Seconds instant) const { return at(instant).civil(instant); }

 private:
  std::size_t index_of(Seconds instant) const;

  std::shared_ptr<const TimeZone> zone_;
  std::vector<Seconds> begins_;  // the first is the beginning of time
  std::vector<std::chrono::seconds> offsets_;
  std::vector<std::uint16_t> buckets_;  // for each slice of time, the span that holds its beginning
  bool periodic_ = false;
};

// The zones in use, each laid out once.
class ZoneTables {
 public:
  explicit ZoneTables(const ZoneSource& source) : source_(source) {}
  Result<std::shared_ptr<const ZoneTable>> find(std::string_view name);

 private:
  const ZoneSource& source_;
  std::map<std::string, std::shared_ptr<const ZoneTable>, std::less<>> tables_;
};

// The instant in RFC 3339 with the zone's offset ("Z" where it is none), in UTC where the offset
// has seconds, which RFC 3339 can't write.
std::string format_in_zone(Instant instant, const ZoneTable& zone);

}  // namespace sundial::schedule
