// Counters and histograms under the names of the reference, and their text for Prometheus.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/base/time.hpp"

namespace sundial::api {

enum class MetricType { counter, gauge, histogram };

// One family as /metrics shows it. Names are without the prefix sundial_.
struct MetricFamily {
  std::string_view name;
  MetricType type;
  std::string_view help;
  std::vector<std::string_view> labels;
};

const std::vector<MetricFamily>& metric_families();

// What happened since the start. Labels are ids of rules and schedules and words of closed sets,
// never a key or a topic, so that the number of series is bounded by the configuration.
class Metrics {
 public:
  // `metric` is a name of metric_families(); another is ignored, so that no caller can add a series
  // that the reference does not know.
  void count(std::string_view metric, std::string_view label = {}, std::string_view second_label = {},
             std::uint64_t by = 1);
  void observe(std::string_view histogram, Millis duration);
  // Finer than a millisecond: what an exchange with a near server takes.
  void observe(std::string_view histogram, double seconds);

  // One counter's value; 0 where it never counted.
  std::uint64_t value(std::string_view metric, std::string_view label = {},
                      std::string_view second_label = {}) const;

  using Labels = std::pair<std::string, std::string>;
  using Counters = std::map<std::string, std::map<Labels, std::uint64_t>, std::less<>>;
  const Counters& counters() const { return counters_; }

  static constexpr std::array<double, 14> kBuckets{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                                   0.25,  0.5,    1,     2.5,  10,    60,   600};
  struct Histogram {
    std::array<std::uint64_t, kBuckets.size() + 1> counts{};  // the last: beyond the largest bound
    double sum = 0;
  };
  // Not there: never observed.
  const Histogram* histogram(std::string_view name) const;

 private:
  Counters counters_;
  std::map<std::string, Histogram, std::less<>> histograms_;
};

}  // namespace sundial::api
