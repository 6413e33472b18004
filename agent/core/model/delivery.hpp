// What became of attempts to deliver a record, and what is kept of them beside it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "platform/base/error.hpp"
#include "platform/base/time.hpp"
#include "platform/base/value.hpp"

namespace sundial::model {

// What an attempt to deliver came to. Closed: every answer of every wire is one of these.
enum class DeliveryOutcome {
  done,
  already_done,     // an earlier try of this very record had arrived
  already_running,  // somebody else's workflow has this id: the firing ends here
  name_taken,       // the same, where Sundial had made the id: send it under another
  retry,            // no answer, or one that may change by itself
  hold,             // nothing goes until the configuration or the server changes
  dead,             // refused for good
};

struct DeliveryAnswer {
  DeliveryOutcome outcome = DeliveryOutcome::retry;
  std::string reason;  // for people, one line
  std::string run_id;
  std::optional<Millis> retry_after;
  bool poison_suspect = false;             // a retry that may be this record's own fault
  bool unreachable = false;                // a retry because no address could be reached: nothing was sent
  bool prepared = false;                   // a retry at once, when what is now in the memory has been kept
  bool only_itself = false;                // a retry that holds up what names the same activity, nothing else
  ErrorKind refusal = ErrorKind::invalid;  // dead: of what kind, for a caller who waits for the answer
};

// What the bridge knows of earlier tries of a record; kept in the store beside it.
struct DeliveryMemory {
  int tries = 0;
  bool outcome_unknown = false;      // a try went out and no answer came
  bool maybe_sent = false;           // not kept: an earlier life of the process may have sent it
  std::optional<Instant> first_try;  // by the server's clock where it is known
  std::string first_run_id;          // cancel, terminate: the chain that is meant
  std::string renamed_id;            // a start under another id, after name_taken
  std::optional<int> attempt;        // fail: the activity's attempt that is meant
};

// A change to a record that the store holds.
struct RecordUpdate {
  std::uint64_t number = 0;
  enum class Kind { remove, remember, bury, revive, replace } kind = Kind::remove;
  DeliveryMemory memory;      // remember
  std::string reason;         // bury
  std::optional<Map> action;  // replace: a dead letter's edited action, or several signals in one
};

}  // namespace sundial::model
