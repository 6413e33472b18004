// Temporal's flags of a schedule, and the definition that they mean.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "platform/base/result.hpp"
#include "platform/base/value.hpp"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace sundial::cli {

struct ScheduleFlags {
  std::string id;
  std::vector<std::string> crons;
  std::vector<std::string> intervals;  // "90s", or "1h/15m" with an offset
  std::vector<std::string> calendars;  // JSON objects with Temporal's names
  std::string time_zone, jitter, catch_up, overlap, start_time, end_time, notes;
  bool paused = false;
  bool pause_on_failure = false;
  std::optional<std::int64_t> remaining;
  std::string workflow_id, type, task_queue, execution_timeout, run_timeout;
  std::vector<std::string> inputs;  // JSON, one an argument
};

void add_definition_flags(CLI::App& verb, ScheduleFlags& flags);

// The members that the flags change. `start` is the action as it is now, of which only what was given
// changes; `present_cron` are the cron strings as they are now.
Result<Map> schedule_body(const ScheduleFlags& flags, Map start, const Value* present_cron = nullptr);

bool says_when(const Map& body);

// "BufferOne", "buffer-one" or "buffer_one" as the API has it.
Result<std::string> overlap_policy(const std::string& text);

}  // namespace sundial::cli
