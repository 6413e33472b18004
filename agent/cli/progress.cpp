// Progress of long work on standard error.
#include "agent/cli/progress.hpp"

#include <algorithm>
#include <ostream>
#include <utility>

#include <fmt/format.h>

namespace sundial::cli {
namespace {

constexpr std::uint64_t kBar = 30;
constexpr std::chrono::milliseconds kRedraw{200};
constexpr std::chrono::seconds kLines{3};

}  // namespace

// What is done sooner than the first line is due needs none.
Progress::Progress(std::ostream& err, bool terminal, std::string unit, SteadyTime begin)
    : err_(err), terminal_(terminal), unit_(std::move(unit)), begin_(begin), shown_(begin) {}

void Progress::show(std::uint64_t done, std::uint64_t all, std::uint64_t count, SteadyTime now) {
  if (now - shown_ < (terminal_ ? std::chrono::steady_clock::duration(kRedraw) : kLines)) return;
  shown_ = now;
  const double seconds = std::chrono::duration<double>(now - begin_).count();
  std::string line =
      fmt::format("{} {}, {:.1f} a second", count, unit_, static_cast<double>(count) / seconds);
  if (done > 0 && done <= all) {
    const double left = seconds * static_cast<double>(all - done) / static_cast<double>(done);
    line += fmt::format(", {} %, about {:.0f} s left", done * 100 / all, left);
  }
  if (!terminal_) {
    err_ << line << std::endl;
    return;
  }
  const std::uint64_t filled = all == 0 ? 0 : kBar * std::min(done, all) / all;
  err_ << fmt::format("\r\x1b[K[{:<{}}] {}", std::string(filled, '#'), kBar, line) << std::flush;
  drawn_ = true;
}

void Progress::clear() {
  if (std::exchange(drawn_, false)) err_ << "\r\x1b[K" << std::flush;
}

}  // namespace sundial::cli
