// Every shape of transition that tzdata knows, against the naive oracle.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <random>
#include <tuple>

#include "agent/core/schedule/compile.hpp"
#include "platform/zones/zones.hpp"
#include "tests/agent/core/schedule/oracle.hpp"

namespace sundial::schedule {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr std::string_view kExpressions[] = {
    "* * * * *",  "*/15 * * * *", "0 * * * *",         "30 1 * * *",    "15 2 * * *",  "0 0 * * *",
    "30 0 * * *", "59 23 * * *",  "0 3 * * *",         "10,40 2 * * *", "0 */2 * * *", "*/20 0-2 * * *",
    "* 1 * * *",  "0 0 * * 0",    "30 2 L * *",        "0 2 15W * sat", "0 1 * * 0#1", "0 1 * mar,oct 7L",
    "5 4 1 * 1",  "0 12 29 2 *",  "45 0-23/5 */2 * *",
};

bool full_mode() {
  return std::getenv("SUNDIAL_FULL_ORACLE") != nullptr;
}

std::vector<std::string> zone_names() {
  std::vector<std::string> names;
  const std::filesystem::path root = "/usr/share/zoneinfo";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    const std::string name = entry.path().lexically_relative(root).string();
    if (entry.is_regular_file() && !name.starts_with("posix") && !name.starts_with("right") &&
        std::isupper(static_cast<unsigned char>(name[0])) != 0) {
      names.push_back(name);
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

Timetable compiled(std::string_view cron, const std::string& zone, bool once, ZoneTables& zones) {
  model::ScheduleDefinition definition;
  definition.crons.push_back({std::string(cron), {}});
  definition.dst = once ? model::DaylightSaving::once : model::DaylightSaving::every;
  std::vector<model::Problem> problems;
  auto times = compile_times(definition, {"", zone}, zones, problems);
  EXPECT_TRUE(times) << cron;
  return std::move(times->timetable);
}

class Oracle : public ::testing::Test {
 protected:
  // Compares one expression over a stretch; false once it differs.
  bool agrees(std::string_view cron, const TimeZone& zone, bool once, const oracle::Stretch& stretch) {
    const Timetable timetable = compiled(cron, zone.name(), once, zones_);
    const std::vector<Seconds> expected = oracle::Cron(cron).times(stretch, once);
    const Seconds until = stretch.moments.back().instant;
    auto due = timetable.next(stretch.after);
    for (const Seconds wanted : expected) {
      if (!due || *due != wanted) {
        ADD_FAILURE() << cron << (once ? " once in " : " every in ") << zone.name() << ": "
                      << (due ? format_in_zone(*due, timetable.zone()) : "nothing") << " instead of "
                      << format_in_zone(wanted, timetable.zone());
        return false;
      }
      due = timetable.next(*due);
    }
    const bool more = due && *due <= until;
    EXPECT_FALSE(more) << cron << " in " << zone.name() << ": too many, "
                       << format_in_zone(*due, timetable.zone());
    return !more;
  }

  void compare_all(const TimeZone& zone, Seconds from, Seconds until) {
    const oracle::Stretch stretch(zone, from, until, false);
    for (const std::string_view cron : kExpressions) {
      if (!agrees(cron, zone, true, stretch) || !agrees(cron, zone, false, stretch)) return;
    }
  }

  std::unique_ptr<ZoneSource> source_ = system_zones();
  ZoneTables zones_{*source_};
};

// A transition's shape: by how much the wall clock jumps, and in which quarter of the day. One of each is
// compared, in full mode every single one.
using Shape = std::tuple<std::int64_t, std::int64_t>;

TEST_F(Oracle, AgreesRoundEveryTransition) {
  const Seconds first = std::chrono::sys_days{std::chrono::year{1970} / 1 / 1};
  const Seconds last = std::chrono::sys_days{std::chrono::year{2100} / 1 / 1};
  std::map<Shape, int> seen;
  int compared = 0;
  for (const std::string& name : zone_names()) {
    const auto zone = source_->find(name);
    if (!zone) continue;
    for (auto at = (*zone)->next_transition(first); at && *at < last; at = (*zone)->next_transition(*at)) {
      const auto before =
          (*zone)->civil(*at - seconds{1}).time_since_epoch() + seconds{1} - at->time_since_epoch();
      const auto after = (*zone)->civil(*at).time_since_epoch() - at->time_since_epoch();
      if (before == after) continue;
      const auto day = std::chrono::floor<std::chrono::days>(*at + before);
      const Shape shape{(after - before).count(), ((*at + before) - day) / hours{6}};
      if (!full_mode() && seen[shape]++ > 0) continue;
      compare_all(**zone, *at - hours{full_mode() ? 24 : 12}, *at + hours{full_mode() ? 24 : 12});
      if (HasFailure()) return;
      ++compared;
    }
  }
  EXPECT_GT(compared, 20);
  RecordProperty("compared", compared);
}

TEST_F(Oracle, AgreesOverAWholeYear) {
  std::vector<std::string> names = full_mode() ? zone_names() : std::vector<std::string>{"Europe/Berlin"};
  const Seconds first = std::chrono::sys_days{std::chrono::year{2024} / 1 / 1};
  for (const std::string& name : names) {
    const auto zone = source_->find(name);
    if (!zone) continue;
    const oracle::Stretch year(**zone, first, first + hours{24 * 366}, false);
    for (const std::string_view cron : kExpressions) {
      if (!full_mode() && (cron.starts_with("*") || cron.ends_with("*"))) continue;
      if (!agrees(cron, **zone, true, year)) return;
    }
  }
}

// Random expressions with seconds, at random instants near a transition.
TEST_F(Oracle, AgreesOnRandomExpressions) {
  std::mt19937 random(20260301);
  const auto pick = [&random](int low, int high) {
    return std::uniform_int_distribution<int>(low, high)(random);
  };
  const auto field = [&](int low, int high) {
    const int a = pick(low, high);
    const int b = pick(a, high);
    switch (pick(0, 5)) {
      case 0:
        return std::string("*");
      case 1:
        return "*/" + std::to_string(pick(1, 20));
      case 2:
        return std::to_string(a) + "-" + std::to_string(b);
      case 3:
        return std::to_string(a) + "/" + std::to_string(pick(1, 20));
      case 4:
        return std::to_string(a) + "," + std::to_string(b) + "-" + std::to_string(high) + "/3";
      default:
        return std::to_string(a);
    }
  };
  const std::vector<std::string> names{"America/New_York",  "Australia/Lord_Howe", "Antarctica/Troll",
                                       "Africa/Casablanca", "America/St_Johns",    "Pacific/Apia"};
  for (int i = 0; i < (full_mode() ? 5000 : 8); ++i) {
    const auto zone = source_->find(names[static_cast<std::size_t>(pick(0, 5))]).value();
    const std::string cron =
        field(0, 59) + " " + field(0, 59) + " " + field(0, 23) + " " + field(1, 28) + " * " + field(0, 7);
    const auto at = zone->next_transition(Seconds{seconds{1'000'000'000LL + pick(0, 600'000'000)}});
    const Seconds from = (at ? *at : Seconds{seconds{1'700'000'000}}) - seconds{pick(0, 20'000)};
    if (!agrees(cron, *zone, pick(0, 1) == 0, oracle::Stretch(*zone, from, from + hours{4}, true))) return;
  }
}

}  // namespace
}  // namespace sundial::schedule
