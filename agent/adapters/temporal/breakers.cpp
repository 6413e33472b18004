// A circuit breaker for each address.
#include "agent/adapters/temporal/breakers.hpp"

#include <algorithm>
#include <numeric>

namespace sundial::temporal {
namespace {

constexpr int kFailuresToOpen = 5;
constexpr Millis kFirstPause{500};
constexpr Millis kLongestPause{10'000};

}  // namespace

std::vector<std::size_t> Breakers::order(Time now) const {
  std::vector<std::size_t> indices(addresses_.size());
  std::iota(indices.begin(), indices.end(), std::size_t{0});
  std::stable_partition(indices.begin(), indices.end(), [&](std::size_t index) {
    const Breaker& one = addresses_[index];
    return one.resume <= now && !one.probed;
  });
  return indices;
}

bool Breakers::begin(std::size_t address, Time now) {
  Breaker& one = addresses_[address];
  if (one.pause == Millis{0}) return true;
  if (one.probed || one.resume > now) return false;
  one.probed = true;
  return true;
}

void Breakers::note(std::size_t address, Outcome outcome, Time now) {
  Breaker& one = addresses_[address];
  if (outcome == Outcome::answered) {
    one = {};
    return;
  }
  ++one.failures;
  const bool opens = outcome == Outcome::unreachable || one.failures >= kFailuresToOpen;
  one.probed = false;
  if (!opens) return;
  one.pause = std::clamp(one.pause * 2, kFirstPause, kLongestPause);
  one.resume = now + one.pause;
}

}  // namespace sundial::temporal
