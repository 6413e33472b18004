// Ids of messages: unique over restarts and devices, short, in the order of their time.
#include "agent/runtime/message_id.hpp"

namespace sundial::runtime {
namespace {

constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";  // none that look alike
constexpr std::size_t kHalf = 10;
constexpr int kBits = 5;

}  // namespace

std::string MessageIds::next(Instant now) {
  std::string id(2 * kHalf, '0');
  auto time = static_cast<std::uint64_t>(now.time_since_epoch().count());
  std::uint64_t chance = random_();
  for (std::size_t place = kHalf; place-- > 0; time >>= kBits, chance >>= kBits) {
    id[place] = kAlphabet[time & 31];
    id[place + kHalf] = kAlphabet[chance & 31];
  }
  return id;
}

}  // namespace sundial::runtime
