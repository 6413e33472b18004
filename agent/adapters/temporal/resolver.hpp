// Looks names up under a deadline: the system's own lookup has none, and nothing can end it.
#pragma once

#include <memory>
#include <string>

#include "platform/base/result.hpp"
#include "platform/base/time.hpp"

namespace sundial::temporal {

// From any thread. One lookup a name at a time, each on a thread of its own, which a call that gives up
// leaves behind; later calls for the same name wait for that one.
class Resolver {
 public:
  Resolver();
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // Whether the name has an address, now.
  Result<void> look_up(const std::string& host, Millis patience);

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;  // outlives the resolver in the threads that still look
};

}  // namespace sundial::temporal
