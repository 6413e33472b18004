// The JSON form of a schedule's times that `sundial next --batch` reads.
#pragma once

#include "agent/core/model/schedule.hpp"
#include "platform/base/result.hpp"
#include "platform/base/value.hpp"

namespace sundial::schedule {

// { cron, interval, calendar, exclude, start, end, jitter, dst }; whatever else is there is refused.
Result<model::ScheduleDefinition> read_spec(const Value& spec);

}  // namespace sundial::schedule
