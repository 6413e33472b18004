// The kernel's clocks.
#pragma once

#include "platform/clock.hpp"

namespace sundial {

// Elapsed time is CLOCK_MONOTONIC: a suspension is not in it, so that after one the wall clock
// looks set forward, and is treated as such.
class LinuxClock final : public Clock {
 public:
  Moment now() const override;
  bool synchronised() const override;
  Millis since_boot() const override;
  std::string boot_id() const override;
};

}  // namespace sundial
