// The server's time as its answers tell it: by it first tries are timed, since a board's own clock may
// be wrong.
#pragma once

#include <chrono>
#include <mutex>
#include <optional>

#include "platform/base/time.hpp"

namespace sundial::temporal {

class ServerClock {
 public:
  void heard(Instant date) {
    const std::lock_guard lock(mutex_);
    offset_ = date - Instant(elapsed());
  }
  // A second early, since the header counts whole seconds. Nothing before the first answer.
  std::optional<Instant> now() const {
    const std::lock_guard lock(mutex_);
    if (!offset_) return std::nullopt;
    return Instant(elapsed()) + *offset_ - std::chrono::seconds(1);
  }

 private:
  static Millis elapsed() {
    return std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now().time_since_epoch());
  }

  mutable std::mutex mutex_;
  std::optional<Millis> offset_;
};

}  // namespace sundial::temporal
