// The clocks as the agent may read them, and what the system knows about their truth.
#pragma once

#include <string>

#include "platform/base/time.hpp"

namespace sundial {

class Clock {
 public:
  virtual ~Clock() = default;

  virtual Moment now() const = 0;

  // Whether the system says that its wall clock follows a time server.
  virtual bool synchronised() const = 0;

  // Time since the boot, suspension included; and the boot's own name: elapsed times of another
  // boot can't be compared with those of this one.
  virtual Millis since_boot() const = 0;
  virtual std::string boot_id() const = 0;
};

}  // namespace sundial
