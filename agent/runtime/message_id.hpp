// Ids of messages: unique over restarts and devices, short, in the order of their time.
#pragma once

#include <cstdint>
#include <random>
#include <string>

#include "platform/base/time.hpp"

namespace sundial::runtime {

// 20 letters and digits: 10 of the time in milliseconds, 10 at random (50 bits).
class MessageIds {
 public:
  explicit MessageIds(std::uint64_t seed) : random_(seed) {}

  std::string next(Instant now);

 private:
  std::mt19937_64 random_;
};

}  // namespace sundial::runtime
