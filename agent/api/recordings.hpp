// Recordings that are going on: streams of lines as `sundial replay` reads them.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/api/agent_control.hpp"
#include "agent/ports/http_server.hpp"
#include "platform/event_loop.hpp"

namespace sundial::api {

class Recordings {
 public:
  Recordings(EventLoop& loop, AgentControl& agent);
  ~Recordings();
  Recordings(const Recordings&) = delete;
  Recordings& operator=(const Recordings&) = delete;

  // What is wrong with the filters, or that there are too many already, is known before it begins.
  // `begin` gives the stream.
  Result<void> begin(const std::vector<std::string>& filters,
                     const std::function<std::shared_ptr<HttpReply>()>& begin);

 private:
  struct Recording {
    std::uint64_t number = 0;
    std::shared_ptr<HttpReply> stream;  // null: the reader is gone, or too slow
  };

  void say_alive();
  void end_gone();

  EventLoop& loop_;
  AgentControl& agent_;
  std::list<Recording> recordings_;
  std::optional<EventLoop::TimerId> heartbeat_;
};

}  // namespace sundial::api
