// The agent's metrics as Prometheus text or as OpenMetrics.
#pragma once

#include <string>

#include "agent/api/agent_control.hpp"
#include "agent/api/metrics.hpp"

namespace sundial::api {

// What the process costs, under the names that every Prometheus client library uses.
struct ProcessFigures {
  double cpu_seconds = 0;
  double resident_bytes = 0;
  double virtual_bytes = 0;
  double open_descriptors = 0;
  double max_descriptors = 0;
  double threads = 0;
  double start_time_seconds = 0;  // since the epoch
};

enum class MetricsForm { prometheus, open_metrics };

std::string metrics_text(const Metrics& metrics, const AgentStatus& status, const ProcessFigures& process,
                         MetricsForm form);

}  // namespace sundial::api
