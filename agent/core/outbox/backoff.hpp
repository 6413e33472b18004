// Waiting before another try: exponential, with full jitter, from a seed.
#pragma once

#include <cstdint>

#include "platform/base/time.hpp"

namespace sundial::outbox {

// No wait is longer while the address answers.
inline constexpr Millis kLongestWait = std::chrono::seconds(10);

class Backoff {
 public:
  explicit Backoff(std::uint64_t seed) : state_(seed) {}

  // After so many failures in a row (from 1): anything up to 250 ms, 500 ms, … 10 s.
  Millis after(int failures);

 private:
  std::uint64_t state_;
};

}  // namespace sundial::outbox
