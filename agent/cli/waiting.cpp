// A question every quarter of a second, and a progress bar between.
#include "agent/cli/waiting.hpp"

#include <algorithm>
#include <chrono>
#include <ostream>
#include <thread>

#include "agent/cli/progress.hpp"

namespace sundial::cli {

int wait_until_delivered(Session& session, Millis limit, const AskLeft& ask) {
  constexpr std::chrono::milliseconds kPause{250};
  Progress progress(session.world().err, session.world().err_is_terminal, "delivered");
  const auto begin = std::chrono::steady_clock::now();
  std::uint64_t most = 0;
  while (true) {
    const std::optional<std::uint64_t> left = ask();
    if (!left) return session.exit_code();
    if (*left == 0) return kExitDone;
    if (limit > Millis{0} && std::chrono::steady_clock::now() - begin >= limit) {
      progress.clear();
      session.world().err << "sundial: " << *left << " still waiting\n";
      return kExitFailed;
    }
    most = std::max(most, *left);  // what is decided meanwhile is waited for as well
    progress.show(most - *left, most, most - *left);
    std::this_thread::sleep_for(kPause);
  }
}

}  // namespace sundial::cli
