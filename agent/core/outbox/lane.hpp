// The records of one lane (a workflow's id, a topic), in order; which of them may go now.
#pragma once

#include <deque>
#include <optional>
#include <string>

#include "agent/core/model/action.hpp"
#include "agent/core/model/delivery.hpp"

namespace sundial::outbox {

// A record that waits, with what the policy knows of it.
struct Entry {
  model::OutboxRecord record;
  model::DeliveryMemory memory;
  std::uint64_t order = 0;   // its number, but a dead letter that is tried again goes last
  std::size_t weight = 0;    // bytes, roughly
  Elapsed not_before{};      // after a failure
  bool only_itself = false;  // while it waits, only what names the same activity waits behind it
  bool token_taken = false;  // paced: a repeat costs nothing
  int failures = 0;          // in a row
  int suspicions = 0;        // its own failures with another record's success between each two
  Elapsed first_suspicion{};
  std::uint64_t passed_before = 0;  // how many others had passed at the last suspicion
};

// A token bucket of one second.
class Bucket {
 public:
  explicit Bucket(double per_second);
  void set_rate(double per_second);
  bool take(Elapsed now);
  Elapsed next(Elapsed now) const;  // when a token is there
  bool full(Elapsed now) const;
  Elapsed full_at(Elapsed now) const;

 private:
  double at(Elapsed now) const;

  double per_second_;  // 0: no limit
  double capacity_;
  double tokens_;
  Elapsed filled_{};
};

struct Lane {
  explicit Lane(double signals_per_second) : bucket(signals_per_second) {}

  std::deque<Entry> entries;
  Bucket bucket;
  bool busy = false;          // one of them is on its way, or being written down
  bool more = false;          // the store holds later ones
  std::uint64_t newest = 0;   // the last number that was taken in
  std::uint64_t on_disk = 0;  // more: the last number that is known not to be taken in

  struct Pick {
    std::optional<std::size_t> index;  // this one, now
    std::optional<Elapsed> later;      // none now: look again then
  };
  Pick pick(Elapsed now) const;
};

}  // namespace sundial::outbox
