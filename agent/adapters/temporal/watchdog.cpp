// One thread that sleeps until the earliest deadline; calls that end in time wake nobody.
#include "agent/adapters/temporal/watchdog.hpp"

#include <algorithm>

namespace sundial::temporal {
namespace {

// A call that was stopped before its connection stood must be stopped again.
constexpr auto kAgain = std::chrono::milliseconds(50);

}  // namespace

Watchdog::Watchdog() : thread_([this] { run(); }) {}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

Watchdog::Guard::Guard(Watchdog& watchdog, Connection& connection, Millis deadline) : watchdog_(watchdog) {
  const auto when = std::chrono::steady_clock::now() + deadline;
  const std::lock_guard lock(watchdog_.mutex_);
  entry_ = watchdog_.entries_.insert(watchdog_.entries_.end(), {&connection, when});
  if (when < watchdog_.next_) watchdog_.changed_.notify_one();
}

Watchdog::Guard::~Guard() {
  const std::lock_guard lock(watchdog_.mutex_);
  watchdog_.entries_.erase(entry_);
}

void Watchdog::run() {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    const auto now = std::chrono::steady_clock::now();
    next_ = std::chrono::steady_clock::time_point::max();
    for (Guard::Entry& entry : entries_) {
      if (entry.when <= now) {
        entry.connection->stop();
        entry.when = now + kAgain;
      }
      next_ = std::min(next_, entry.when);
    }
    if (entries_.empty()) {
      changed_.wait(lock);
    } else {
      changed_.wait_until(lock, next_);
    }
  }
}

}  // namespace sundial::temporal
