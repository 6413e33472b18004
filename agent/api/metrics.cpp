// The table of families, and counting under it.
#include "agent/api/metrics.hpp"

#include <algorithm>

namespace sundial::api {

const std::vector<MetricFamily>& metric_families() {
  using enum MetricType;
  static const std::vector<MetricFamily> families{
      {"messages_received_total",
       counter,
       "Messages accepted, by where they came from: mqtt, webhook, http, schedule",
       {"source"}},
      {"rule_matched_total", counter, "Messages that a rule's source matched", {"rule"}},
      {"rule_fired_total", counter, "Firings of a rule", {"rule"}},
      {"rule_suppressed_total",
       counter,
       "What a rule held back, and by which of its parts",
       {"rule", "reason"}},
      {"rule_errors_total", counter, "Messages that a rule could not judge", {"rule"}},
      {"rule_keys", gauge, "Keys whose state a rule keeps", {"rule"}},
      {"schedule_fired_total", counter, "Due times that fired", {"schedule"}},
      {"schedule_missed_total",
       counter,
       "Due times that did not fire, and why: catch_up, overlap, paused, clock, full",
       {"schedule", "reason"}},
      {"schedule_runs_total", counter, "Ends of workflows that a schedule started", {"schedule", "outcome"}},
      {"schedule_lateness_seconds", histogram, "From a due time to its commit", {}},
      {"outbox_entries", gauge, "Records that wait for delivery", {}},
      {"outbox_bytes", gauge, "Bytes of the records that wait", {}},
      {"outbox_oldest_seconds", gauge, "Age of the record that waits longest", {}},
      {"outbox_dropped_total",
       counter,
       "Records that left undelivered, and why: expired, oldest, newest, priority, dead",
       {"reason"}},
      {"bridge_requests_total",
       counter,
       "Deliveries tried, by kind of action and outcome: ok, already, already_running, retry, dead",
       {"kind", "outcome"}},
      {"bridge_request_seconds", histogram, "How long an exchange with Temporal took", {}},
      {"event_to_effect_seconds", histogram, "From an event's arrival to Temporal's answer", {}},
      {"mqtt_connected", gauge, "1 while the broker is connected", {}},
      {"temporal_reachable", gauge, "1 while Temporal answers", {}},
      {"build_info", gauge, "The version, as a label of a constant 1", {"version"}},
  };
  return families;
}

namespace {

bool known(std::string_view name, MetricType type) {
  const auto& families = metric_families();
  return std::any_of(families.begin(), families.end(),
                     [&](const MetricFamily& family) { return family.name == name && family.type == type; });
}

}  // namespace

void Metrics::count(std::string_view metric, std::string_view label, std::string_view second_label,
                    std::uint64_t by) {
  auto family = counters_.find(metric);
  if (family == counters_.end()) {
    if (!known(metric, MetricType::counter)) return;
    family = counters_.emplace(metric, std::map<Labels, std::uint64_t>{}).first;
  }
  family->second[Labels(label, second_label)] += by;
}

void Metrics::observe(std::string_view histogram, Millis duration) {
  observe(histogram, std::chrono::duration<double>(duration).count());
}

void Metrics::observe(std::string_view histogram, double seconds) {
  auto place = histograms_.find(histogram);
  if (place == histograms_.end()) {
    if (!known(histogram, MetricType::histogram)) return;
    place = histograms_.emplace(histogram, Histogram{}).first;
  }
  const auto bound = std::lower_bound(kBuckets.begin(), kBuckets.end(), seconds);
  ++place->second.counts[static_cast<std::size_t>(bound - kBuckets.begin())];
  place->second.sum += seconds;
}

std::uint64_t Metrics::value(std::string_view metric, std::string_view label,
                             std::string_view second_label) const {
  const auto family = counters_.find(metric);
  if (family == counters_.end()) return 0;
  const auto series = family->second.find(Labels(label, second_label));
  return series == family->second.end() ? 0 : series->second;
}

const Metrics::Histogram* Metrics::histogram(std::string_view name) const {
  const auto place = histograms_.find(name);
  return place == histograms_.end() ? nullptr : &place->second;
}

}  // namespace sundial::api
