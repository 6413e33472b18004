// Fuzz target for cron strings: whatever is accepted has times that come strictly one after the other,
// and that the naive reference agrees with.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "agent/core/schedule/compile.hpp"
#include "platform/zones/zones.hpp"
#include "tests/agent/core/schedule/oracle.hpp"

namespace {

using namespace sundial;
using namespace sundial::schedule;
using std::chrono::hours;

void require(bool holds) {
  if (!holds) std::abort();
}

// Only five plain fields go to the reference; it doesn't read all extensions.
bool is_plain(std::string_view text) {
  if (text.find_first_not_of("0123456789*/,- ") != std::string_view::npos) return false;
  int fields = 0;
  for (std::size_t i = 0; i < text.size(); ++i)
    fields += text[i] != ' ' && (i == 0 || text[i - 1] == ' ') ? 1 : 0;
  return fields == 5;
}

void compare(std::string_view text, const Timetable& timetable, const TimeZone& zone, Seconds from) {
  const oracle::Cron reference(text);
  const oracle::Stretch stretch(zone, from, from + hours{24}, false);
  auto due = timetable.next(from);
  for (const Seconds wanted : reference.times(stretch, true)) {
    require(due && *due == wanted);
    due = timetable.next(*due);
  }
  require(!due || *due > from + hours{24});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto source = system_zones();
  static ZoneTables zones(*source);
  static const auto zone = source->find("America/New_York").value();
  static const Seconds before_spring = std::chrono::sys_days{std::chrono::year{2026} / 3 / 8} - hours{6};
  const std::string_view text(reinterpret_cast<const char*>(data), size);  // NOLINT: bytes are text here
  model::ScheduleDefinition definition;
  definition.crons.push_back({std::string(text), {}});
  std::vector<model::Problem> problems;
  const auto compiled = compile_times(definition, {"fuzz", "America/New_York"}, zones, problems);
  require(compiled.has_value() == problems.empty());
  if (!compiled) return 0;
  Instant last = before_spring;
  for (int i = 0; i < 20; ++i) {
    const auto due = compiled->timetable.next(last);
    if (!due) break;
    require(*due > last);
    last = *due;
  }
  if (is_plain(text) && !compiled->timetable.calendars().empty()) {
    compare(text, compiled->timetable, *zone, before_spring);
  }
  return 0;
}
