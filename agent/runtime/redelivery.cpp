// Knows a QoS 1 message that comes again because its acknowledgement was lost.
#include "agent/runtime/redelivery.hpp"

#include <algorithm>

namespace sundial::runtime {
namespace {

constexpr std::uint64_t kFnvOffset = 14695981039346656037U;
constexpr std::uint64_t kFnvPrime = 1099511628211U;
constexpr std::size_t kEntryBytes = 10;

std::uint64_t mix(std::uint64_t digest, std::string_view bytes) {
  for (const char byte : bytes) digest = (digest ^ static_cast<unsigned char>(byte)) * kFnvPrime;
  return digest;
}

}  // namespace

std::uint64_t message_digest(std::string_view topic, std::string_view payload) {
  return mix(mix(mix(kFnvOffset, topic), std::string_view("\0", 1)), payload);
}

void Redelivery::taken(int packet_id, std::uint64_t digest) {
  if (limit_ == 0) return;
  if (recent_.size() >= limit_) recent_.pop_front();
  recent_.push_back({static_cast<std::uint16_t>(packet_id), digest});
}

bool Redelivery::was_taken(int packet_id, std::uint64_t digest) const {
  const auto found = std::find_if(recent_.rbegin(), recent_.rend(),
                                  [&](const Taken& one) { return one.packet_id == packet_id; });
  return found != recent_.rend() && found->digest == digest;
}

std::string Redelivery::write() const {
  std::string bytes;
  bytes.reserve(recent_.size() * kEntryBytes);
  for (const Taken& one : recent_) {
    bytes.push_back(static_cast<char>(one.packet_id & 0xff));
    bytes.push_back(static_cast<char>(one.packet_id >> 8));
    for (int shift = 0; shift < 64; shift += 8)
      bytes.push_back(static_cast<char>(one.digest >> shift & 0xff));
  }
  return bytes;
}

void Redelivery::read(std::string_view bytes) {
  recent_.clear();
  const auto byte = [&](std::size_t index) {
    return std::uint64_t{static_cast<unsigned char>(bytes[index])};
  };
  for (std::size_t at = 0; at + kEntryBytes <= bytes.size(); at += kEntryBytes) {
    std::uint64_t digest = 0;
    for (std::size_t index = 0; index < 8; ++index) digest |= byte(at + 2 + index) << (8 * index);
    taken(static_cast<int>(byte(at) | byte(at + 1) << 8), digest);
  }
}

}  // namespace sundial::runtime
