// What the agent tells the program that watches over it (systemd).
#pragma once

#include <optional>
#include <string_view>

#include "platform/base/time.hpp"

namespace sundial {

class Supervisor {
 public:
  virtual ~Supervisor() = default;

  virtual void ready() = 0;
  virtual void reloading() = 0;  // ready() ends it
  virtual void stopping() = 0;
  virtual void status(std::string_view line) = 0;
  virtual void alive() = 0;

  // How long the supervisor waits for alive() before it restarts us; nothing: it doesn't.
  virtual std::optional<Millis> patience() const = 0;
};

}  // namespace sundial
