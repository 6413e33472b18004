// The delivery policy: which record goes when, and what follows from each answer. Pure: moments and
// answers in, steps out. It holds a window of what waits; the rest stays in the store.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "agent/core/outbox/lane.hpp"
#include "agent/core/outbox/link.hpp"

namespace sundial::outbox {

struct Limits {
  int max_connections = 4;
  int max_publishes = 20;  // on their way to the broker at once
  double signals_per_second = 5;
  Millis max_age = std::chrono::hours(24 * 7);
  std::uint64_t seed = 1;
  std::size_t window_records = 4000;
  std::size_t window_bytes = 8 * 1024 * 1024;
  std::size_t lane_records = 1000;
};

enum class Target { temporal, broker };

// One record on its way; it comes back with the answer.
struct Job {
  Target target = Target::temporal;
  Entry entry;
  bool was_unknown = false;  // before this try
};

// To be done now. `send` where there is a job; else the updates are written down, and `kept` is called
// with the number when they are durable.
struct Step {
  std::optional<Job> job;
  std::vector<model::RecordUpdate> updates;
  std::uint64_t number = 0;
};

enum class End { done, already, already_running, dead, expired };

// A record's end.
struct Finished {
  model::OutboxRecord record;
  End end = End::done;
  model::DeliveryAnswer answer;
  model::DeliveryMemory memory;
};

struct Verdict {
  std::vector<model::RecordUpdate> updates;
  bool wait_until_kept = false;  // then `kept(number)`
  std::optional<Finished> finished;
};

class Policy {
 public:
  explicit Policy(const Limits& limits);

  // Settings that a reload may change; what waits stays.
  void set_limits(const Limits& limits, Elapsed now);
  // The other side is another one, or is spoken to in another way: what waits is tried at once.
  void try_now(Target target, Elapsed now);

  // The store holds records up to this number, as far as is known: the backlog is read to its end.
  void begin(std::uint64_t newest_number);
  // A record that was committed just now.
  void added(model::OutboxRecord record, Elapsed now);
  // A dead letter that is tried again: last in its lane.
  void revived(model::OutboxRecord record, model::DeliveryMemory memory, Elapsed now);
  // It was dropped from outside; false: it is on its way, and its answer will come.
  bool dropped(std::uint64_t number, Elapsed now);
  // The removals of what had ended are durable: no read can bring these up any more.
  void removed(const std::vector<std::uint64_t>& numbers);

  // What to read from the store next, one read at a time: records with a number above `after`, of the
  // lane where one is named.
  struct Read {
    std::optional<std::string> lane;
    std::uint64_t after = 0;
    std::size_t limit = 0;
    std::uint64_t newest = 0;  // in the store when this was asked for
  };
  std::optional<Read> wants() const;
  // The answer to it. From earlier lives of the process an outcome may be unknown.
  struct Waiting {
    model::OutboxRecord record;
    model::DeliveryMemory memory;
  };
  void read(const Read& what, std::vector<Waiting> records, Elapsed now);

  // What goes now; nothing: wait for an answer, or until `wake`.
  std::optional<Step> next(Elapsed now);
  Verdict answered(Job job, const model::DeliveryAnswer& answer, Elapsed now);
  void kept(std::uint64_t number, Elapsed now);
  // Those that outlived their time, wherever they wait.
  std::vector<Finished> expire(Elapsed now);
  std::optional<Elapsed> wake() const;

  const Link& link(Target target) const { return target == Target::temporal ? temporal_ : broker_; }
  std::size_t held() const { return held_; }
  // When the oldest of those that are held was decided.
  std::optional<Instant> oldest() const;

 private:
  using Lanes = std::unordered_map<std::string, Lane>;
  struct ReadyKey {
    int priority;
    std::uint64_t number;
    std::string lane;
    auto operator<=>(const ReadyKey&) const = default;
  };
  struct Place {
    Target target = Target::temporal;
    std::optional<ReadyKey> ready;
    std::optional<Elapsed> timer;
  };

  Lane& lane_of(const std::string& name);
  void take_in(Waiting waiting, Elapsed now, std::optional<std::uint64_t> order = std::nullopt);
  void put(Entry entry, Elapsed now);
  void place(const std::string& name, Elapsed now);
  void place_all(Elapsed now);
  void unplace(const std::string& name);
  void weigh(const Entry& entry, bool in);
  bool full() const;
  void read_page(const Read& what, std::vector<Waiting> records, Elapsed now);
  void read_lane(const Read& what, std::vector<Waiting> records, Elapsed now);
  std::set<ReadyKey>& ready(Target target);
  std::string choose(Target target) const;
  Step take(Lane& lane, std::size_t index, Target target, Elapsed now);
  Step merge(Lane& lane, std::size_t index);
  bool is_poison(Entry& entry, Elapsed now) const;
  void keep(Entry entry);
  Verdict ended(Entry entry, End end, const model::DeliveryAnswer& answer, Elapsed now);
  Verdict try_again(Job job, const model::DeliveryAnswer& answer, Elapsed now);
  Elapsed expiry_of(const model::OutboxRecord& record, Elapsed now) const;

  Limits limits_;
  Link temporal_;
  Link broker_;
  Backoff backoff_;
  Lanes lanes_;
  std::unordered_map<std::string, Place> places_;
  std::set<ReadyKey> ready_temporal_;
  std::set<ReadyKey> ready_broker_;
  std::multimap<Elapsed, std::string> timers_;
  std::map<int, std::size_t> held_priorities_;
  std::unordered_map<std::uint64_t, Entry> being_kept_;  // by number, until `kept`
  std::set<std::uint64_t> ahead_;                        // taken in before the cursor came there
  std::set<std::uint64_t> in_flight_;
  std::unordered_set<std::uint64_t> ended_;   // a read may still bring them, until `removed`
  std::set<std::string> urgent_;              // lanes to be read out of turn
  std::set<std::string> hungry_;              // lanes whose next records are in the store
  std::uint64_t cursor_ = 0;                  // everything up to here was read
  std::uint64_t newest_ = 0;                  // the newest number in the store, as far as is known
  std::uint64_t first_added_ = 0;             // the first that was added in this life of the process
  bool unread_ = false;                       // the backlog has not been read to its end
  std::map<std::uint64_t, Instant> decided_;  // of those that are held
  std::size_t held_ = 0;
  std::size_t held_bytes_ = 0;
  Elapsed next_expiry_ = Elapsed::max();
};

}  // namespace sundial::outbox
