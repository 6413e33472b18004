// The circuit breaker of one link: after a failure that is not one record's alone, one record at a
// time is let through until one passes.
#pragma once

#include <cstdint>
#include <string>

#include "agent/core/model/delivery.hpp"
#include "agent/core/outbox/backoff.hpp"

namespace sundial::outbox {

// The other side answered this very request, whatever it said.
bool passed(const model::DeliveryAnswer& answer);

class Link {
 public:
  Link(int most, std::uint64_t seed) : most_(most), backoff_(seed) {}

  // How many more may be sent now.
  int room(Elapsed now) const;
  // When there is room again by itself; nothing where only an answer makes room.
  std::optional<Elapsed> opens() const;

  void set_most(int most) { most_ = most; }
  // What stood in the way may be gone: the next try need not wait.
  void try_now() { next_ = Elapsed{}; }
  void sent() { ++in_flight_; }
  void answered(const model::DeliveryAnswer& answer, Elapsed now);

  bool closed() const { return closed_; }
  bool held() const { return held_; }
  bool reached() const { return !unreachable_; }
  const std::string& problem() const { return problem_; }
  std::uint64_t passed() const { return passed_; }  // records that got an answer of their own
  int in_flight() const { return in_flight_; }

 private:
  void pass();
  void fail(const model::DeliveryAnswer& answer, Elapsed now);

  int most_;
  Backoff backoff_;
  int in_flight_ = 0;
  int allowed_ = 1;      // grows with each answer after an outage, so that a backlog does not come as a flood
  int failures_ = 0;     // in a row
  bool closed_ = false;  // one at a time, from `next_` on
  bool held_ = false;
  bool unreachable_ = false;
  Elapsed next_{};
  std::uint64_t passed_ = 0;
  std::string problem_;
};

}  // namespace sundial::outbox
