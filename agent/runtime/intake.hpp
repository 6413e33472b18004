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
  std::uint64_t dropped = 0;  // QoS 0, while nothing could be taken
};

// Closed until `open`, and again from `close` on: then nothing is taken, and what is not safe is not
// acknowledged. It waits for nothing but the loop's reading and the disk.
class Intake {
 public:
  struct Parts {
    const Clock& clock;
    Log& log;
    Redelivery& redelivery;
    std::uint64_t seed = 0;
    std::function<void()> something_came;  // from any thread; once until `take` is called
    // From any thread: the journal can't be written. It is closed from then on.
    std::function<void(const Error&)> failed;
  };

  explicit Intake(Parts parts);

  // On the loop. Returns when nobody writes into the former journal any more.
  void open(Journal& journal, const Timeline& timeline, std::int64_t max_payload, bool away);
  void close();

  // On the bus's thread. True: the message is safe, known or wanted by nobody. False: it must stay with
  // the broker until there is room.
  bool arrived(const Arrival& arrival);
  void session_lost();

  // On the loop. Written to the journal, and to be had by `take` in its turn. A message without an id
  // is given one; the id comes back. ErrorKind::exhausted: the store is full. The note is in the journal
  // with it or not at all.
  Result<std::string> accept(Entry entry, std::optional<Note> note = {});

  // What came since, in the journal's order, and out of this process by now.
  std::vector<Accepted> take();
  // The present moment, unless something came that must be taken first: no decision may overtake it.
  std::optional<Moment> moment_without_input();

  void set_max_payload(std::int64_t bytes);
  void set_keeps(std::shared_ptr<const Keeps> keeps);
  // So much may still be taken in messages; without room QoS 1 stays with the broker, QoS 0 is dropped.
  void set_room(std::uint64_t bytes);
  // Whether something was left to the broker since the last call.
  bool left_something();

  IntakeCounts counts() const;

 private:
  using Lock = std::unique_lock<std::mutex>;

  bool leave(int qos);
  bool has_room(std::uint64_t bytes);
  // How an entry is written. Lazily: it is safe by the time it is taken, and nobody is told before.
  enum class Write : std::uint8_t { at_once, lazily };

  Result<void> append(Entry& entry, int packet_id, std::uint64_t digest, Write how,
                      std::optional<Note> note = {});
  void heed(const Error& problem);

  const Parts parts_;
  // Held while an entry is written, so that moments, entries and the queue have one order.
  std::mutex order_;
  Journal* journal_ = nullptr;  // closed: null
  Journal* open_ = nullptr;     // the same, on the loop only: there it is not waited for
  std::int64_t max_payload_ = 0;
  std::uint64_t room_ = 0;
  bool left_ = false;
  bool away_ = false;  // as the journal has it
  MessageIds ids_;

  mutable std::mutex queue_mutex_;  // held for moments only: the loop never waits for the disk here
  std::optional<Timeline> timeline_;
  std::shared_ptr<const Keeps> keeps_;
  std::vector<Accepted> queue_;
  std::size_t queued_bytes_ = 0;
  std::condition_variable drained_;
  bool closed_ = true;
  bool told_ = false;
  bool writing_ = false;
  bool held_ = false;  // something in the queue was written lazily
  IntakeCounts counts_;
};

}  // namespace sundial::runtime
