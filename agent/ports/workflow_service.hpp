// Temporal as the agent speaks of it: requests and outcomes in our own words, no paths, no status codes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/core/model/action.hpp"
#include "platform/base/result.hpp"
#include "platform/base/value.hpp"

namespace sundial {

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
  std::optional<Instant> first_try;  // by the server's clock where it is known
  std::string first_run_id;          // cancel, terminate: the chain that is meant
  std::string renamed_id;            // a start under another id, after name_taken
  std::optional<int> attempt;        // fail: the activity's attempt that is meant
};

struct WorkflowDescription {
  std::string workflow_id, run_id, first_run_id, type, status;  // status in the words of the reference
  std::optional<Instant> start_time, execution_time, close_time;
  Value details;  // pending activities, memo, search attributes
};

struct WorkflowResult {
  std::string status;  // "running": not yet
  Value result;
  Value failure;  // {message, type, cause}
};

// Blocking calls with a total deadline each; used from worker threads, one call at a time a connection.
class WorkflowService {
 public:
  virtual ~WorkflowService() = default;

  virtual DeliveryAnswer deliver(const model::OutboxRecord& record, DeliveryMemory& memory) = 0;

  // The cheap question whether the frontend answers and the namespace is there.
  virtual DeliveryAnswer probe() = 0;

  virtual Result<WorkflowDescription> describe(const std::string& workflow_id, const std::string& run_id) = 0;
  // Waits up to `wait` for the end, following continue-as-new and retries.
  virtual Result<WorkflowResult> result(const std::string& workflow_id, const std::string& run_id,
                                        Millis wait) = 0;
  virtual Result<Value> history(const std::string& workflow_id, const std::string& run_id,
                                const std::string& page_token, int limit) = 0;
  virtual Result<Value> query(const std::string& workflow_id, const std::string& name,
                              const List& arguments) = 0;
  virtual Result<Value> update(const std::string& workflow_id, const std::string& name,
                               const std::string& update_id, const List& arguments, Millis wait) = 0;
  virtual Result<Value> list(const std::string& query, const std::string& page_token, int limit) = 0;
  virtual Result<std::int64_t> count(const std::string& query) = 0;
};

}  // namespace sundial
