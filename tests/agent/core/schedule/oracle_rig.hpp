// What the comparisons with the naive reference share: the zones of tzdata, and the comparison itself.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agent/core/schedule/compile.hpp"
#include "platform/zones/zones.hpp"
#include "tests/agent/core/schedule/oracle.hpp"

namespace sundial::schedule {

// Every single transition and zone; takes minutes where the program is built with -O2.
inline bool full_oracle() {
  return std::getenv("SUNDIAL_FULL_ORACLE") != nullptr;
}

inline std::vector<std::string> zone_names() {
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

class OracleTest : public ::testing::Test {
 protected:
  Timetable compiled(const model::ScheduleDefinition& definition, const std::string& zone) {
    std::vector<model::Problem> problems;
    auto times = compile_times(definition, {"", zone}, zones_, problems);
    EXPECT_TRUE(times) << (problems.empty() ? "" : problems.front().what);
    return std::move(times->timetable);
  }
  Timetable compiled(std::string_view cron, const std::string& zone, bool once) {
    model::ScheduleDefinition definition;
    definition.crons.push_back({std::string(cron), {}});
    definition.dst = once ? model::DaylightSaving::once : model::DaylightSaving::every;
    return compiled(definition, zone);
  }

  // False once they differ; `what` says whose times these are.
  static bool agrees(const Timetable& timetable, const std::vector<Seconds>& expected,
                     const oracle::Stretch& stretch, const std::string& what) {
    auto due = timetable.next(stretch.after);
    for (const Seconds wanted : expected) {
      if (!due || *due != wanted) {
        ADD_FAILURE() << what << " in " << timetable.zone().name() << ": "
                      << (due ? format_in_zone(*due, timetable.zone()) : "nothing") << " instead of "
                      << format_in_zone(wanted, timetable.zone());
        return false;
      }
      due = timetable.next(*due);
    }
    if (!due || *due > stretch.until) return true;
    ADD_FAILURE() << what << " in " << timetable.zone().name() << ": too many, "
                  << format_in_zone(*due, timetable.zone());
    return false;
  }

  std::unique_ptr<ZoneSource> source_ = system_zones();
  ZoneTables zones_{*source_};
};

}  // namespace sundial::schedule
