// Knows a QoS 1 message that comes again because its acknowledgement was lost.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace sundial::runtime {

// What tells one message from another that has its packet id: its topic and payload.
std::uint64_t message_digest(std::string_view topic, std::string_view payload);

// The broker has at most `limit` messages on the way without our acknowledgement, and acknowledgements
// go in order: a redelivery can only be of one of the last `limit` that were taken. DUP alone proves
// nothing, since a message marked so may never have reached us.
class Redelivery {
 public:
  explicit Redelivery(std::size_t limit) : limit_(limit) {}

  void taken(int packet_id, std::uint64_t digest);
  // Whether this one, marked as a duplicate, was taken before.
  bool was_taken(int packet_id, std::uint64_t digest) const;
  // The broker has forgotten our session: packet ids begin anew.
  void forget() { recent_.clear(); }

  // As it is kept over a restart.
  std::string write() const;
  void read(std::string_view bytes);

 private:
  struct Taken {
    std::uint16_t packet_id = 0;
    std::uint64_t digest = 0;
  };

  std::size_t limit_;
  std::deque<Taken> recent_;  // the latest at the end
};

}  // namespace sundial::runtime
