// One attempt to reach Temporal, for people who ask what is wrong.
#pragma once

#include <optional>
#include <string>

#include "agent/core/model/settings.hpp"
#include "platform/base/time.hpp"

namespace sundial::temporal {

struct Trial {
  std::string problem;               // empty: the namespace answered
  std::optional<Millis> clock_lead;  // how far the server's clock is ahead of this device's, to a second
};
Trial try_frontend(const model::TemporalSettings& settings, const std::string& device);

// Whether HTTP/2 answers there, which is what gRPC's port speaks.
bool speaks_grpc(const std::string& host, int port);

}  // namespace sundial::temporal
