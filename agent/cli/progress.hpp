// Progress of long work on standard error: a bar on a terminal, else a line every few seconds.
#pragma once

#include <chrono>
#include <cstdint>
#include <iosfwd>
#include <string>

namespace sundial::cli {

// Both with the rate and the time that is left, where they can be told.
class Progress {
 public:
  using SteadyTime = std::chrono::steady_clock::time_point;

  // `unit` names what is counted, such as "messages".
  Progress(std::ostream& err, bool terminal, std::string unit, SteadyTime begin);
  Progress(std::ostream& err, bool terminal, std::string unit)
      : Progress(err, terminal, std::move(unit), std::chrono::steady_clock::now()) {}
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // So much is done of `all`, in parts of any size; `count` is of the unit. Shown now and then.
  void show(std::uint64_t done, std::uint64_t all, std::uint64_t count, SteadyTime now);
  void show(std::uint64_t done, std::uint64_t all, std::uint64_t count) {
    show(done, all, count, std::chrono::steady_clock::now());
  }
  // Before anything else is said.
  void clear();

 private:
  std::ostream& err_;
  bool terminal_;
  bool drawn_ = false;
  std::string unit_;
  SteadyTime begin_;
  SteadyTime shown_;
};

}  // namespace sundial::cli
