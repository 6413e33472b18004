// Fields: the text of one field of a cron string or calendar, read into masks.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/schedule/calendar.hpp"
#include "platform/base/result.hpp"

namespace sundial::schedule {

// The year of a structured calendar is bounded as Temporal bounds it.
enum class Field { second, minute, hour, day_of_month, month, day_of_week, year, calendar_year };

std::string_view name_of(Field field);
// A right text for this field, for error messages.
std::string_view example_of(Field field);

// What `H` is drawn from: stable for a device and a schedule, different between fields.
struct HashSeed {
  std::string_view device;
  std::string_view schedule;
};
std::uint64_t stable_hash(const HashSeed& seed, std::uint64_t salt);

// Reads `text` into the calendar's masks for this field. An error is one line that names the field
// and what is wrong, and ends with a right example; `note` gets what is legal but often misread.
Result<void> read_field(Field field, std::string_view text, const HashSeed& seed, Calendar& into,
                        std::vector<std::string>& notes);

// Whether a field counts as unrestricted, for the day fields and for dst = "once".
bool begins_with_star(std::string_view text);

}  // namespace sundial::schedule
