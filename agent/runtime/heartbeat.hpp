// Tells the supervisor that the agent lives, as long as the loop, the store and the bridge make progress.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "platform/event_loop.hpp"
#include "platform/supervisor.hpp"
#include "platform/worker.hpp"

namespace sundial::runtime {

// On the loop's thread. Each beat hands a task to every worker; where one has not come back within
// half the supervisor's patience, beats stop, and the supervisor starts the agent anew.
class Heartbeat {
 public:
  using Line = std::function<std::string()>;

  // `line` says in words how the agent is.
  Heartbeat(EventLoop& loop, Supervisor& supervisor, const std::vector<Worker*>& workers, Line line);

  void beat();

 private:
  struct Watched {
    Worker* worker = nullptr;
    std::optional<Elapsed> asked;  // and not answered yet
  };
  bool all_answer(Millis patience) const;

  EventLoop& loop_;
  Supervisor& supervisor_;
  std::vector<Watched> watched_;
  Line line_;
  std::string said_;
};

}  // namespace sundial::runtime
