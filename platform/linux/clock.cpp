// Reads the kernel's clocks and its opinion of them.
#include "platform/linux/clock.hpp"

#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <fstream>

namespace sundial {
namespace {

std::chrono::nanoseconds read_exactly(clockid_t id) {
  timespec time{};
  ::clock_gettime(id, &time);
  return std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
}

Millis read_clock(clockid_t id) {
  return std::chrono::floor<Millis>(read_exactly(id));
}

// The wall clock is told as the elapsed one plus whole milliseconds that stay the same while the wall
// clock keeps its pace. Read apart, each rounded for itself, the distance of the two would change by a
// millisecond from call to call, and with it what is due when: a recording would not replay to what
// was decided. Told late by less than two milliseconds, early never. One distance for the process,
// because a moment of one thread is compared with those of another.
Millis distance(std::chrono::nanoseconds exactly) {
  static std::atomic<Millis::rep> held{0};
  const Millis kept{held.load(std::memory_order_relaxed)};
  if (exactly >= kept && exactly < kept + Millis{2}) return kept;
  const Millis now = std::chrono::floor<Millis>(exactly);
  held.store(now.count(), std::memory_order_relaxed);
  return now;
}

}  // namespace

Moment LinuxClock::now() const {
  constexpr std::chrono::microseconds kAtOnce{100};
  constexpr int kTries = 5;
  std::chrono::nanoseconds before{};
  std::chrono::nanoseconds wall{};
  // Where this thread lost the processor between two readings, they do not belong together.
  for (int i = 0; i < kTries; ++i) {
    before = read_exactly(CLOCK_MONOTONIC);
    wall = read_exactly(CLOCK_REALTIME);
    if (read_exactly(CLOCK_MONOTONIC) - before < kAtOnce) break;
  }
  const Millis elapsed = std::chrono::floor<Millis>(before);
  return {Instant{elapsed + distance(wall - before)}, Elapsed{elapsed}};
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
  // The kernel writes it anew for each reader, and it goes with each transaction.
  static const std::string id = [] {
    std::ifstream file("/proc/sys/kernel/random/boot_id");
    std::string read;
    std::getline(file, read);
    return read;
  }();
  return id;
}

}  // namespace sundial
