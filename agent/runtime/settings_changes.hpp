// Which tables of the configuration differ, beside rules and schedules.
#pragma once

#include <string>
#include <vector>

#include "agent/core/model/settings.hpp"

namespace sundial::runtime {

// "temporal", "mqtt", "webhook": what differs.
std::vector<std::string> changed_tables(const model::Configuration& before,
                                        const model::Configuration& after);

}  // namespace sundial::runtime
