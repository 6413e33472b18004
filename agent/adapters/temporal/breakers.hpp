// A circuit breaker for each address: one that fails is left alone for a while, and then let one call try it.
#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

#include "platform/base/time.hpp"

namespace sundial::temporal {

class Breakers {
 public:
  using Time = std::chrono::steady_clock::time_point;
  enum class Outcome {
    answered,
    failing,      // no whole answer, or one of a server in trouble
    unreachable,  // no connection
  };

  explicit Breakers(std::size_t addresses) : addresses_(addresses) {}

  // As configured, but those that are left alone come last.
  std::vector<std::size_t> order(Time now) const;
  // Before a call: false where another one tries this address already, and nobody should wait for it too.
  bool begin(std::size_t address, Time now);
  void note(std::size_t address, Outcome outcome, Time now);

 private:
  struct Breaker {
    int failures = 0;  // in a row
    Millis pause{0};   // 0: closed
    Time resume{};     // open until then, half-open from then on
    bool probed = false;
  };
  std::vector<Breaker> addresses_;
};

}  // namespace sundial::temporal
