// Temporal Schedules over the HTTP API.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "agent/adapters/temporal/frontend.hpp"
#include "agent/core/model/settings.hpp"
#include "agent/ports/schedule_service.hpp"

namespace sundial::temporal {

// `wait` lets time pass between two looks. The frontend must outlive the service.
std::unique_ptr<ScheduleService> make_schedules(Frontend& frontend, std::function<void(Millis)> wait,
                                                std::function<std::string()> new_request_id);

// With connections of its own. An error is one of the configuration.
Result<std::unique_ptr<ScheduleService>> open_schedules(const model::TemporalSettings& settings,
                                                        const std::string& device);

}  // namespace sundial::temporal
