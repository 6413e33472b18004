// Looks names up under a deadline: the system's own lookup has none, and nothing can end it.
#pragma once

#include <sys/socket.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "platform/base/result.hpp"
#include "platform/base/time.hpp"

namespace sundial::temporal {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

// From any thread. One lookup a name at a time, each on a thread of its own, which a call that gives up
// leaves behind; later calls for the same name wait for that one.
class Resolver {
 public:
  // How a thread is begun; it throws std::system_error where there is none to be had.
  using Start = std::function<void(std::function<void()>)>;
  explicit Resolver(Start start = start_thread);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // The addresses that the name has now, at least one.
  Result<std::vector<SocketAddress>> look_up(const std::string& host, Millis patience);

 private:
  struct Shared;
  static void start_thread(std::function<void()> work);

  std::shared_ptr<Shared> shared_;  // outlives the resolver in the threads that still look
  Start start_;
};

}  // namespace sundial::temporal
