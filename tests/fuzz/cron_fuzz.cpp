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

// The reference reads fields that are known to be right, in all their forms but H, and no macros.
bool goes_to_the_reference(std::string_view text) {
  if (text.find_first_of("@=") != std::string_view::npos) return false;
  int digits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool begins = i == 0 || text[i - 1] == ' ' || text[i - 1] == '\t' || text[i - 1] == ',';
    if (begins && (text[i] == 'h' || text[i] == 'H')) return false;
    digits = text[i] >= '0' && text[i] <= '9' ? digits + 1 : 0;
    if (digits > 8) return false;
  }
  return true;
}

void compare(std::string_view text, const Timetable& timetable, const TimeZone& zone, Seconds from) {
  const oracle::Cron reference(text);
  // Six and seven fields begin with seconds.
  const bool by_second = reference.has_seconds();
  const Seconds until = from + (by_second ? hours{4} : hours{24});
  const oracle::Stretch stretch(zone, from, until, by_second);
  auto due = timetable.next(from);
  for (const Seconds wanted : reference.times(stretch, true)) {
    require(due && *due == wanted);
    due = timetable.next(*due);
  }
  require(!due || *due > until);
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
  for (const model::Problem& problem : problems) {
    // One line, that says what would be right.
    require(problem.what.find('\n') == std::string::npos && problem.what.size() < 600);
  }
  if (!compiled) return 0;
  Instant last = before_spring;
  for (int i = 0; i < 20; ++i) {
    const auto due = compiled->timetable.next(last);
    if (!due) break;
    require(*due > last);
    last = *due;
  }
  if (goes_to_the_reference(text) && !compiled->timetable.calendars().empty()) {
    compare(text, compiled->timetable, *zone, before_spring);
  }
  return 0;
}
