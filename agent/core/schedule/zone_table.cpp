// Lays a zone's transitions out once; a lookup is then an index and a step or two.
#include "agent/core/schedule/zone_table.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace sundial::schedule {
namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year;

// What lies outside is as far away as arithmetic on seconds safely reaches.
constexpr Seconds kBeginning{std::chrono::seconds{-(1LL << 56)}};
constexpr Seconds kEnd{std::chrono::seconds{1LL << 56}};
// Zone data begins in the 19th century. Its explicit rules end by 2037; the 400 years after that
// stand for all that follow.
constexpr Seconds kFirst = sys_days{year{1800} / 1 / 1};
constexpr Seconds kLast = sys_days{year{2438} / 1 / 1};
constexpr days kCycle{146097};            // 400 years, a whole number of weeks
constexpr std::int64_t kSlice = 1 << 23;  // seconds, about 97 days: rarely more than one transition

std::chrono::seconds offset_at(const TimeZone& zone, Seconds instant) {
  return zone.civil(instant).time_since_epoch() - instant.time_since_epoch();
}

}  // namespace

ZoneTable::ZoneTable(std::shared_ptr<const TimeZone> zone) : zone_(std::move(zone)) {
  begins_.push_back(kBeginning);
  offsets_.push_back(offset_at(*zone_, kFirst));
  for (auto next = zone_->next_transition(kFirst); next && *next < kLast;
       next = zone_->next_transition(*next)) {
    const std::chrono::seconds offset = offset_at(*zone_, *next);
    if (offset == offsets_.back()) continue;  // only the zone's abbreviation changed
    begins_.push_back(*next);
    offsets_.push_back(offset);
  }
  periodic_ = begins_.back() > sys_days{year{2100} / 1 / 1};
  std::size_t index = 0;
  for (Seconds slice = kFirst; slice < kLast; slice += std::chrono::seconds{kSlice}) {
    while (index + 1 < begins_.size() && begins_[index + 1] <= slice) ++index;
    buckets_.push_back(static_cast<std::uint16_t>(index));
  }
}

std::size_t ZoneTable::index_of(Seconds instant) const {
  if (instant < kFirst) return 0;
  const auto slice = static_cast<std::size_t>((instant - kFirst).count() / kSlice);
  std::size_t index = slice < buckets_.size() ? buckets_[slice] : begins_.size() - 1;
  while (index + 1 < begins_.size() && begins_[index + 1] <= instant) ++index;
  return index;
}

Span ZoneTable::at(Seconds instant) const {
  std::chrono::seconds shift{0};
  if (periodic_ && instant >= begins_.back()) {
    shift = ((instant - begins_.back()) / kCycle + 1) * kCycle;
  }
  const std::size_t index = index_of(instant - shift);
  // Where the last span is shifted back it ends where, a cycle earlier, the next one began.
  const bool last = index + 1 == begins_.size();
  return {begins_[index] + shift, last ? kEnd : begins_[index + 1] + shift, offsets_[index]};
}

Result<std::shared_ptr<const ZoneTable>> ZoneTables::find(std::string_view name) {
  if (const auto known = tables_.find(name); known != tables_.end()) return known->second;
  const auto zone = source_.find(name);
  if (!zone) return zone.error();
  auto table = std::make_shared<const ZoneTable>(*zone);
  tables_.emplace(std::string(name), table);
  return std::shared_ptr<const ZoneTable>(table);
}

std::string format_in_zone(Instant instant, const ZoneTable& zone) {
  const std::chrono::seconds offset = zone.at(std::chrono::floor<std::chrono::seconds>(instant)).offset;
  const std::int64_t minutes = offset.count() / 60;
  if (offset.count() == 0 || offset.count() % 60 != 0) return format_rfc3339(instant, Fraction::when_needed);
  std::string text = format_rfc3339(instant + offset, Fraction::when_needed);
  text.pop_back();  // the Z
  const std::int64_t distance = minutes < 0 ? -minutes : minutes;
  return text + fmt::format("{}{:02}:{:02}", minutes < 0 ? '-' : '+', distance / 60, distance % 60);
}

}  // namespace sundial::schedule
