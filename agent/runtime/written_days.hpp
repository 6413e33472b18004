// How much was written to the disk on each of the last days: what a card's life is told by.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "platform/base/time.hpp"

namespace sundial::runtime {

inline constexpr const char* kWrittenFact = "written";  // its name in the store

// Days are UTC's. `since_start` is what this process wrote so far.
class WrittenDays {
 public:
  void count(Instant now, std::uint64_t since_start);
  std::uint64_t today(Instant now, std::uint64_t since_start) const;
  // The mean of the week before today, or of the part of it that is known; nothing on the first day.
  std::optional<std::uint64_t> mean_day(Instant now) const;

  // As it is kept over a restart: "2026-11-21 1077024 2026-11-20 88".
  std::string write() const;
  void read(std::string_view text);

 private:
  static constexpr std::chrono::days kKept{7};

  std::map<std::chrono::sys_days, std::uint64_t> days_;
  std::uint64_t counted_ = 0;  // of since_start
};

}  // namespace sundial::runtime
