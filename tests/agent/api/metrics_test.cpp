// Counting under the reference's names, and nothing else.
#include "agent/api/metrics.hpp"

#include <gtest/gtest.h>

namespace sundial::api {
namespace {

TEST(Metrics, CountsByLabels) {
  Metrics metrics;
  metrics.count("rule_suppressed_total", "overheat", "cooldown");
  metrics.count("rule_suppressed_total", "overheat", "cooldown", 2);
  metrics.count("rule_suppressed_total", "overheat", "hold");
  EXPECT_EQ(metrics.value("rule_suppressed_total", "overheat", "cooldown"), 3U);
  EXPECT_EQ(metrics.value("rule_suppressed_total", "overheat", "hold"), 1U);
  EXPECT_EQ(metrics.value("rule_suppressed_total", "other", "hold"), 0U);
}

TEST(Metrics, IgnoresNamesThatTheReferenceDoesNotKnow) {
  Metrics metrics;
  metrics.count("surprises_total");
  metrics.observe("surprise_seconds", 1.0);
  metrics.count("bridge_request_seconds");
  EXPECT_TRUE(metrics.counters().empty());
  EXPECT_EQ(metrics.histogram("surprise_seconds"), nullptr);
}

TEST(Metrics, ABoundBelongsToItsBucket) {
  Metrics metrics;
  metrics.observe("bridge_request_seconds", Millis{1});
  metrics.observe("bridge_request_seconds", Millis{2});
  metrics.observe("bridge_request_seconds", std::chrono::hours{1});
  const Metrics::Histogram* histogram = metrics.histogram("bridge_request_seconds");
  ASSERT_NE(histogram, nullptr);
  EXPECT_EQ(histogram->counts.front(), 1U);
  EXPECT_EQ(histogram->counts[1], 1U);
  EXPECT_EQ(histogram->counts.back(), 1U);
  EXPECT_DOUBLE_EQ(histogram->sum, 3600.003);
}

}  // namespace
}  // namespace sundial::api
