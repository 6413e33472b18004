// Certificates that the configuration names and that end soon.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "agent/core/model/settings.hpp"
#include "platform/base/result.hpp"
#include "platform/base/time.hpp"

namespace sundial::runtime {

inline constexpr Millis kWarnAhead = std::chrono::hours{24 * 30};

using ReadFile = std::function<Result<std::string>(const std::string& path)>;

// One line for each that ends within thirty days, or has ended.
std::vector<std::string> certificate_warnings(const model::Configuration& configuration, const ReadFile& read,
                                              Instant now);

}  // namespace sundial::runtime
