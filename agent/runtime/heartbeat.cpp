// A round trip through every worker between two beats.
#include "agent/runtime/heartbeat.hpp"

#include <algorithm>
#include <utility>

namespace sundial::runtime {
namespace {

constexpr Millis kWithoutWatchdog = std::chrono::seconds{30};

}  // namespace

Heartbeat::Heartbeat(EventLoop& loop, Supervisor& supervisor, const std::vector<Worker*>& workers, Line line)
    : loop_(loop), supervisor_(supervisor), line_(std::move(line)) {
  for (Worker* worker : workers) watched_.push_back({worker, {}});
}

void Heartbeat::beat() {
  const Elapsed now = loop_.now().elapsed;
  const auto patience = supervisor_.patience();
  if (patience && all_answer(*patience)) supervisor_.alive();
  for (Watched& watched : watched_) {
    if (!patience || watched.asked) continue;
    watched.asked = now;
    watched.worker->run([] {}, [&watched] { watched.asked.reset(); });
  }
  if (std::string line = line_(); line != said_) {
    supervisor_.status(line);
    said_ = std::move(line);
  }
  loop_.at(now + (patience ? *patience / 4 : kWithoutWatchdog), [this] { beat(); });
}

bool Heartbeat::all_answer(Millis patience) const {
  const Elapsed now = loop_.now().elapsed;
  return std::ranges::all_of(watched_, [&](const Watched& watched) {
    return !watched.asked || now - *watched.asked < patience / 2;
  });
}

}  // namespace sundial::runtime
