// Where inputs come in: in one order, durable before they are acknowledged, then handed to the loop.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "agent/core/model/input.hpp"
#include "agent/ports/journal.hpp"
#include "agent/ports/message_bus.hpp"
#include "agent/runtime/journal_entry.hpp"
#include "agent/runtime/message_id.hpp"
#include "agent/runtime/redelivery.hpp"
#include "agent/runtime/timeline.hpp"
#include "platform/base/log.hpp"
#include "platform/clock.hpp"

namespace sundial::runtime {

// Which messages any rule may keep: asked on the bus's thread, so it never changes.
using Keeps = std::function<bool(const Arrival& arrival, Instant now)>;

// An entry that is in the journal.
struct Accepted {
  Moment at;
  Entry what;
  JournalPosition end;
};

struct IntakeCounts {
  std::uint64_t received = 0;     // from the bus
  std::uint64_t redelivered = 0;  // known already
  std::uint64_t oversized = 0;
  std::uint64_t dropped = 0;  // QoS 0, while the store is full
};

class Intake {
 public:
  struct Parts {
    Journal& journal;
    const Clock& clock;
    Log& log;
    Timeline timeline;
    Redelivery& redelivery;
    std::int64_t max_payload = 0;
    std::uint64_t seed = 0;
    std::function<void()> something_came;  // from any thread; once until `take` is called
  };

  explicit Intake(Parts parts);

  // On the bus's thread. Returns when the message is safe or nobody wants it, however long that takes.
  void arrived(const Arrival& arrival);
  void session_lost();

  // On the loop. Written to the journal, and to be had by `take` in its turn. A message without an id
  // is given one; the id comes back. ErrorKind::exhausted: the store is full.
  Result<std::string> accept(Entry entry);

  // What came since, in the journal's order.
  std::vector<Accepted> take();
  // The present moment, unless something came that must be taken first: no decision may overtake it.
  std::optional<Moment> moment_without_input();

  void set_keeps(std::shared_ptr<const Keeps> keeps);
  // While the store is full nothing is taken: QoS 1 waits, QoS 0 is dropped.
  void set_full(bool full);
  // There may be room in the journal again.
  void room();

  bool away();  // the last Absence in the journal said so
  IntakeCounts counts() const;

 private:
  using Lock = std::unique_lock<std::mutex>;

  bool wait_until_open(int qos, Lock& lock);
  void append_surely(Entry entry, int packet_id, std::uint64_t digest, Lock& lock);
  Result<void> append(Entry& entry, int packet_id, std::uint64_t digest);

  const Parts parts_;
  // Held while an entry is written, so that moments, entries and the queue have one order.
  std::mutex order_;
  std::condition_variable room_;
  bool full_ = false;
  bool away_ = false;  // as the journal has it
  MessageIds ids_;

  mutable std::mutex queue_mutex_;  // held for moments only: the loop never waits for the disk here
  std::shared_ptr<const Keeps> keeps_;
  std::vector<Accepted> queue_;
  std::size_t queued_bytes_ = 0;
  std::condition_variable drained_;
  bool told_ = false;
  bool writing_ = false;
  IntakeCounts counts_;
};

}  // namespace sundial::runtime
