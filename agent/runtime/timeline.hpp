// Elapsed time that goes on over restarts: what timers of rules are counted in.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "platform/base/time.hpp"

namespace sundial::runtime {

// The last moment that was written down, and where the machine's own counter stood then.
struct LastMoment {
  Moment moment;
  Millis since_boot{0};
  std::string boot_id;
};

std::string write_moment(const LastMoment& last);
std::optional<LastMoment> read_moment(std::string_view text);

// The machine as it is at a start.
struct Present {
  Moment moment;
  Millis since_boot{0};
  std::string boot_id;
  bool clock_trusted = false;
};

class Timeline {
 public:
  // Within one boot the machine's counter tells how long the agent was away; over a boot the wall
  // clock does, where it is trusted, else nothing is known to have passed.
  static Timeline begin(const std::optional<LastMoment>& last, const Present& present);

  // The machine's moment as the engine counts it, and back.
  Moment told(Moment machine) const { return {machine.wall, machine.elapsed + shift_}; }
  Elapsed machine(Elapsed told) const { return told - shift_; }

 private:
  explicit Timeline(Millis shift) : shift_(shift) {}
  Millis shift_;
};

}  // namespace sundial::runtime
