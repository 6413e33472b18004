// Reads the kernel's clocks and its opinion of them.
#include "platform/linux/clock.hpp"

#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include <fstream>

namespace sundial {
namespace {

Millis read_clock(clockid_t id) {
  timespec time{};
  ::clock_gettime(id, &time);
  return std::chrono::floor<Millis>(std::chrono::seconds{time.tv_sec} +
                                    std::chrono::nanoseconds{time.tv_nsec});
}

}  // namespace

Moment LinuxClock::now() const {
  return {Instant{read_clock(CLOCK_REALTIME)}, Elapsed{read_clock(CLOCK_MONOTONIC)}};
}

bool LinuxClock::synchronised() const {
  timex state{};
  const int answer = ::adjtimex(&state);
  if (answer >= 0 && answer != TIME_ERROR && (state.status & STA_UNSYNC) == 0) return true;
  return ::access("/run/systemd/timesync/synchronized", F_OK) == 0;
}

Millis LinuxClock::since_boot() const {
  return read_clock(CLOCK_BOOTTIME);
}

std::string LinuxClock::boot_id() const {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(file, id);
  return id;
}

}  // namespace sundial
