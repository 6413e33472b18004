// What the HTTP surface needs from the running agent; the agent loop implements it, tests fake it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/api/metrics.hpp"
#include "agent/core/model/action.hpp"
#include "agent/core/model/effects.hpp"
#include "agent/core/model/input.hpp"
#include "agent/core/model/settings.hpp"
#include "agent/ports/store.hpp"
#include "agent/ports/workflow_service.hpp"
#include "platform/base/result.hpp"
#include "platform/base/time.hpp"
#include "platform/base/value.hpp"

namespace sundial::api {

// Called once, on the loop's thread; possibly before the call that took it returns.
template <typename T>
using Answer = std::function<void(Result<T>)>;

// The agent at a glance: what `GET status`, the page and the gauges of /metrics are made of.
struct AgentStatus {
  std::string version;
  std::string device;
  bool ready = false;
  std::string reason;  // why it is not ready; one line
  Millis uptime{0};

  struct Mqtt {
    bool configured = false;
    bool connected = false;
    bool subscribed = false;
    std::string broker;            // without a password
    std::string problem;           // what the last attempt said
    bool host_unverified = false;  // verify_host = false: shown red everywhere
  } mqtt;

  struct Temporal {
    bool reachable = false;
    std::string address;
    std::string name_space;
    std::string ui;  // for links; empty: none
    std::string problem;
    bool host_unverified = false;  // verify_host = false: shown red everywhere
  } temporal;

  struct Clock {
    bool trusted = false;
    std::string time_zone;
  } clock;

  struct Outbox {
    std::uint64_t entries = 0;  // without the dead
    std::uint64_t bytes = 0;
    Millis oldest{0};
    std::uint64_t dead = 0;
  } outbox;

  struct Disk {
    std::uint64_t bytes = 0;
    std::uint64_t max_size = 0;
    std::uint64_t journal_bytes = 0;
    std::uint64_t written_bytes_today = 0;
    std::optional<std::uint64_t> written_bytes_a_day;  // none: not known yet
    bool full = false;
  } store;

  std::vector<std::string> warnings;  // one line each: certificates that end soon
  std::uint64_t rules = 0;
  std::uint64_t schedules = 0;
  std::map<std::string, std::uint64_t> rule_keys;  // live keys of each rule
};

// A call that goes straight to a workflow: `POST workflows`, a signal, a cancel. Its texts are final
// values; keys and types of the table are checked by `submit`.
struct DirectCall {
  model::ActionKind kind = model::ActionKind::start;
  Map action;
  model::Origin origin;  // kind http or command_line; id names the route or verb
};

struct Submission {
  std::uint64_t number = 0;  // in the outbox
  std::string workflow_id;   // also where it was left out
  // Not set: nothing came within the wait. The record stays in the outbox and goes by itself.
  std::optional<DeliveryAnswer> answer;
};

// A record that was delivered, for the list of what was sent.
struct Delivery {
  std::uint64_t number = 0;
  model::ActionKind kind = model::ActionKind::start;
  std::string workflow_id;
  std::string run_id;
  std::string type;  // of a start
  model::Origin origin;
  Instant decided{};
  Instant delivered{};
  DeliveryOutcome outcome = DeliveryOutcome::done;
  std::string reason;
};

// Runs on the loop's thread, all of it. What touches disk or network answers by callback.
class AgentControl {
 public:
  virtual ~AgentControl() = default;

  virtual Moment now() const = 0;
  virtual AgentStatus status() const = 0;
  virtual const Metrics& metrics() const = 0;
  virtual const model::Configuration& configuration() const = 0;

  // What each rule has done, by `id`: matched, fired, suppressed by reason, keys.
  virtual List rules() const = 0;
  virtual List rule_keys(const std::string& rule, std::size_t limit) const = 0;
  virtual std::vector<std::string> schedule_ids() const = 0;  // ascending
  // A document with the TOML keys, `id`, `source` ("file", "api"), `state`, `next` and `transition`.
  virtual std::optional<Map> schedule_document(const std::string& id) const = 0;
  // RFC 3339 with the schedule's zone's offset; not_found.
  virtual Result<std::vector<std::string>> next_times(const std::string& schedule,
                                                      std::size_t count) const = 0;
  // What became of the last due times of each, `limit` at most, oldest first: from the ledger.
  using Outcomes = std::vector<std::vector<NumberedLedgerEntry>>;
  virtual void outcomes(std::vector<std::string> schedules, std::size_t limit, Answer<Outcomes> done) = 0;

  // Inputs: answered when they are durable and the engine has taken them. ErrorKind::exhausted: the
  // store is full. A schedule that can't be is ErrorKind::invalid with one line a problem.
  virtual void accept(model::Message message, Answer<std::string> done) = 0;  // the message's id
  virtual void schedule(model::ScheduleCommand command, Answer<void> done) = 0;
  virtual void reset_keys(model::ResetKeys command, Answer<void> done) = 0;

  // What the rules would do with the message now, as `replay --all` lines in a list; changes nothing.
  virtual Result<Value> dry_run(const model::Message& message) const = 0;

  // In the outbox before anything is sent; answered with Temporal's answer, or after `wait` without
  // one. A call that is refused while its caller waits leaves no dead letter.
  virtual void submit(DirectCall call, Millis wait, Answer<Submission> done) = 0;

  virtual void records(RecordState state, std::uint64_t after, std::size_t limit,
                       Answer<std::vector<StoredRecord>> done) = 0;
  virtual void record(std::uint64_t number, Answer<StoredRecord> done) = 0;  // not_found
  // edit, retry: dead letters only, else ErrorKind::conflict. A drop is counted.
  virtual void edit_record(std::uint64_t number, Map action, Answer<void> done) = 0;
  virtual void retry_record(std::uint64_t number, Answer<void> done) = 0;
  virtual void drop_record(std::uint64_t number, Answer<void> done) = 0;
  virtual std::vector<Delivery> deliveries() const = 0;  // the last few hundred, newest first

  virtual void ledger(const LedgerQuery& query, Answer<std::vector<NumberedLedgerEntry>> done) = 0;
  // Called with each entry once it is committed; one listener, an empty function ends it.
  virtual void follow_ledger(std::function<void(const NumberedLedgerEntry&)> listener) = 0;

  // Temporal's answers; ErrorKind::unavailable when it can't be reached. Callers may be many: no call
  // holds a thread while it waits for another.
  virtual void describe_workflow(const std::string& id, const std::string& run_id,
                                 Answer<WorkflowDescription> done) = 0;
  virtual void workflow_result(const std::string& id, const std::string& run_id,
                               Answer<WorkflowResult> done) = 0;  // as it is now; "running": not yet
  virtual void workflow_history(const std::string& id, const std::string& run_id, const std::string& page,
                                int limit, Answer<Value> done) = 0;
  virtual void query_workflow(const std::string& id, const std::string& name, List arguments,
                              Answer<Value> done) = 0;
  // conflict: the workflow rejected it; timed_out: not finished within `wait`.
  virtual void update_workflow(const std::string& id, const std::string& name, const std::string& update_id,
                               List arguments, Millis wait, Answer<Value> done) = 0;
  virtual void list_workflows(const std::string& query, const std::string& page, int limit,
                              Answer<Value> done) = 0;  // {"items":[…],"next":token}
  virtual void count_workflows(const std::string& query, Answer<std::int64_t> done) = 0;

  // Small named values that outlive the process. Written with the next transaction.
  virtual void keep(const std::string& name, std::optional<std::string> value) = 0;
  // Kept together with what the very next submit(), accept(), schedule() or reset_keys() hands in, or not
  // at all, whether that goes by a transaction or by the journal.
  virtual void keep_with_effect(const std::string& name, const std::string& value) = 0;
  // As they were when this process began.
  virtual const std::vector<std::pair<std::string, std::string>>& kept() const = 0;

  // Hands on each message and absence as the rules take it, at its moment, until `end_recording`. While
  // one goes on, what no rule would keep is taken too, where one of the filters matches; none: all.
  using Taken = std::function<void(const model::Input& input, Instant at)>;
  virtual Result<std::uint64_t> begin_recording(const std::vector<std::string>& filters, Taken taken) = 0;
  virtual void end_recording(std::uint64_t recording) = 0;

  // The names of what changed: "rule.overheat", "schedule.nightly", "temporal".
  virtual void reload(Answer<std::vector<std::string>> done) = 0;
};

}  // namespace sundial::api
