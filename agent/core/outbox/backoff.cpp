// SplitMix64: small, and the same on every machine.
#include "agent/core/outbox/backoff.hpp"

#include <algorithm>

namespace sundial::outbox {

Millis Backoff::after(int failures) {
  constexpr Millis kFirst{250};
  constexpr Millis kLeast{20};
  const int doublings = std::clamp(failures - 1, 0, 6);
  const Millis ceiling = std::min(kFirst * (1 << doublings), kLongestWait);
  state_ += 0x9E3779B97F4A7C15U;
  std::uint64_t mixed = state_;
  mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9U;
  mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBU;
  mixed ^= mixed >> 31;
  const auto span = static_cast<std::uint64_t>(ceiling.count());
  return std::max(kLeast, Millis(static_cast<Millis::rep>(mixed % (span + 1))));
}

}  // namespace sundial::outbox
