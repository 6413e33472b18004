// The fine print of surface.md's "Exactly once over Temporal's run boundaries", kind by kind.
#include "agent/adapters/temporal/delivery.hpp"

#include <fmt/format.h>

#include "agent/adapters/temporal/json_access.hpp"
#include "agent/adapters/temporal/runs.hpp"

namespace sundial::temporal {
namespace {

using model::ActionKind;
using model::OutboxRecord;

DeliveryAnswer dead(const Error& error) {
  DeliveryAnswer answer;
  answer.outcome = DeliveryOutcome::dead;
  answer.reason = error.message();
  answer.refusal = error.kind();
  return answer;
}

DeliveryAnswer with_outcome(DeliveryOutcome outcome, std::string reason, std::string run_id = "") {
  DeliveryAnswer answer;
  answer.outcome = outcome;
  answer.reason = std::move(reason);
  answer.run_id = std::move(run_id);
  return answer;
}

DeliveryAnswer prepared() {
  DeliveryAnswer answer;
  answer.prepared = true;
  answer.reason = "what it is meant for is known now";
  return answer;
}

// After these the request may have had its effect.
bool may_have_arrived(const Exchange& exchange) {
  return exchange.sorted.finding == Finding::no_answer || exchange.sorted.finding == Finding::try_again ||
         exchange.sorted.finding == Finding::broken;
}

bool uncertain(const DeliveryMemory& memory) {
  return memory.outcome_unknown || memory.maybe_sent;
}

// The first try of an earlier life of the process was not before the decision, by a clock that may
// have been wrong by this much; by a clock that is quite wrong, nobody knows.
std::optional<Instant> tried_since(const OutboxRecord& record, const DeliveryMemory& memory,
                                   std::optional<Instant> server) {
  constexpr Millis kMargin = std::chrono::minutes(2);
  if (memory.outcome_unknown) return memory.first_try;
  if (!server || record.decided.wall > *server + kMargin) return std::nullopt;
  return record.decided.wall - kMargin;
}

// The id that Sundial made is taken: the next one ends with the event's own digits.
std::string renamed(const OutboxRecord& record) {
  std::string digits;
  for (const char c : record.request_id) {
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    if (hex && digits.size() < 8) digits += c;
  }
  return fmt::format("{}-{}", text_in(record.action, "id"), digits);
}

}  // namespace

Exchange Delivery::attempt(const Call& call, DeliveryMemory& memory) {
  const auto sent = memory.outcome_unknown ? std::nullopt : frontend_.server_now();
  Exchange exchange = frontend_.send(call);
  ++memory.tries;
  if (may_have_arrived(exchange) && !memory.outcome_unknown) {
    memory.outcome_unknown = true;
    memory.first_try = sent;
  }
  return exchange;
}

DeliveryAnswer Delivery::deliver(const OutboxRecord& record, DeliveryMemory& memory) {
  if (auto late = too_late(memory)) return *late;
  switch (record.kind) {
    case ActionKind::start:
      return start(record, memory);
    case ActionKind::signal:
      return signal(record, memory);
    case ActionKind::signal_with_start:
      return signal_with_start(record, memory);
    case ActionKind::cancel:
    case ActionKind::terminate:
      return stop(record, memory);
    case ActionKind::complete:
    case ActionKind::fail:
    case ActionKind::heartbeat:
      return activity(record, memory);
    case ActionKind::publish:
      break;
  }
  return dead({ErrorKind::internal, "a publish is not for Temporal"});
}

std::optional<DeliveryAnswer> Delivery::too_late(const DeliveryMemory& memory) {
  if (!memory.outcome_unknown || !memory.first_try) return std::nullopt;
  const auto now = frontend_.server_now();
  const auto retention = frontend_.retention();
  if (!now || !retention || *now - *memory.first_try <= *retention) return std::nullopt;
  return dead(
      {ErrorKind::timed_out,
       fmt::format("a first try got no answer, and {} have passed since: Temporal may have forgotten it",
                   format_duration(*retention))});
}

// A request id protects against the latest run of an id only.
std::optional<DeliveryAnswer> Delivery::started_before(const OutboxRecord& record,
                                                       const DeliveryMemory& memory) {
  if (!uncertain(memory) || rejects_reuse(record)) return std::nullopt;
  const auto since = tried_since(record, memory, frontend_.server_now());
  const RunsFound found = runs_since(frontend_, start_id(record, memory), since, record.request_id);
  if (found.trouble) return found.trouble;
  for (const Run& run : found.runs) {
    if (run.holds_request)
      return with_outcome(DeliveryOutcome::already_done, "it had been started", run.run_id);
  }
  return std::nullopt;
}

DeliveryAnswer Delivery::start(const OutboxRecord& record, DeliveryMemory& memory) {
  const auto call = start_call(frontend_.sender(), record, memory);
  if (!call) return dead(call.error());
  if (auto before = started_before(record, memory)) return *before;
  const Exchange exchange = attempt(*call, memory);
  if (exchange.ok()) return with_outcome(DeliveryOutcome::done, "", text_at(exchange.sorted.body, {"runId"}));
  if (exchange.sorted.finding != Finding::already_started) return exchange.usual();
  const Sorted& taken = exchange.sorted;
  if (taken.request_id == record.request_id) {
    return with_outcome(DeliveryOutcome::already_done, "it had been started", taken.run_id);
  }
  const std::string why = fmt::format("run {} has the id {}", taken.run_id, start_id(record, memory));
  if (record.id_left_out && memory.renamed_id.empty()) {
    memory.renamed_id = renamed(record);
    memory.outcome_unknown = memory.maybe_sent = false;  // under the new name nothing was sent yet
    memory.first_try.reset();
    return with_outcome(DeliveryOutcome::name_taken, why, taken.run_id);
  }
  return with_outcome(DeliveryOutcome::already_running, why, taken.run_id);
}

// Sends the signal pinned to each run that may have had it. 200 from one: it has it now, once.
std::optional<DeliveryAnswer> Delivery::signalled_before(const OutboxRecord& record, DeliveryMemory& memory) {
  if (!uncertain(memory)) return std::nullopt;
  const auto since = tried_since(record, memory, frontend_.server_now());
  const RunsFound found = runs_since(frontend_, text_in(record.action, "id"), since, record.request_id);
  if (found.trouble) return found.trouble;
  for (const Run& run : found.runs) {
    const auto call = signal_call(frontend_.sender(), record, run.run_id);
    if (!call) return dead(call.error());
    const Exchange exchange = attempt(*call, memory);
    const Finding finding = exchange.sorted.finding;
    if (exchange.ok()) return with_outcome(DeliveryOutcome::already_done, "", run.run_id);
    if (finding != Finding::workflow_unknown && finding != Finding::workflow_closed) return exchange.usual();
  }
  return std::nullopt;
}

DeliveryAnswer Delivery::signal(const OutboxRecord& record, DeliveryMemory& memory) {
  const auto call = signal_call(frontend_.sender(), record, "");
  if (!call) return dead(call.error());
  if (auto before = signalled_before(record, memory)) return *before;
  return attempt(*call, memory).usual();
}

DeliveryAnswer Delivery::signal_with_start(const OutboxRecord& record, DeliveryMemory& memory) {
  const auto call = signal_with_start_call(frontend_.sender(), record);
  if (!call) return dead(call.error());
  if (auto before = signalled_before(record, memory)) return *before;
  const Exchange exchange = attempt(*call, memory);
  if (exchange.ok()) return with_outcome(DeliveryOutcome::done, "", text_at(exchange.sorted.body, {"runId"}));
  DeliveryAnswer answer = exchange.usual();
  if (exchange.sorted.finding == Finding::already_started) {
    answer.run_id = exchange.sorted.run_id;
    answer.reason = fmt::format("run {} had the id, and may not be followed by another", answer.run_id);
    if (exchange.sorted.request_id == record.request_id) answer.outcome = DeliveryOutcome::already_done;
  }
  return answer;
}

// Which chain of runs is meant is read and kept before anything is sent.
std::optional<DeliveryAnswer> Delivery::prepare_stop(const OutboxRecord& record, DeliveryMemory& memory) {
  if (!memory.first_run_id.empty()) return std::nullopt;
  const Exchange described =
      frontend_.describe(text_in(record.action, "id"), text_in(record.action, "run_id"));
  if (!described.ok()) return described.usual();
  const Run run = Frontend::read_run(described.sorted.body, "");
  memory.first_run_id = run.first_run_id.empty() ? run.run_id : run.first_run_id;
  if (memory.first_run_id.empty())
    return dead({ErrorKind::internal, "the workflow's description names no run"});
  return prepared();
}

DeliveryAnswer Delivery::stop(const OutboxRecord& record, DeliveryMemory& memory) {
  if (const auto call = stop_call(frontend_.sender(), record, memory); !call) return dead(call.error());
  if (auto answer = prepare_stop(record, memory)) return *answer;
  const bool repeated = uncertain(memory);
  const Exchange exchange = attempt(*stop_call(frontend_.sender(), record, memory), memory);
  const Finding finding = exchange.sorted.finding;
  if (repeated && (finding == Finding::workflow_closed || finding == Finding::workflow_unknown)) {
    return with_outcome(DeliveryOutcome::already_done, "the workflow that was meant has ended");
  }
  return exchange.usual();
}

Delivery::ActivityLook Delivery::look_at_activity(const OutboxRecord& record) {
  ActivityLook look;
  const Exchange described = frontend_.describe(text_in(record.action, "workflow_id"), "");
  if (!described.ok()) {
    look.trouble = described.usual();
    return look;
  }
  const std::string id = text_in(record.action, "activity_id");
  for (const Value& pending : list_at(described.sorted.body, {"pendingActivities"})) {
    if (text_at(pending, {"activityId"}) != id) continue;
    look.pending = PendingActivity{static_cast<int>(integer_at(pending, {"attempt"}).value_or(1)),
                                   text_at(pending, {"state"}) != "PENDING_ACTIVITY_STATE_SCHEDULED"};
  }
  return look;
}

// The attempt that a fail is meant for is read and kept; a later attempt is another's failure.
std::optional<DeliveryAnswer> Delivery::prepare_fail(const OutboxRecord& record, DeliveryMemory& memory) {
  if (record.kind != ActionKind::fail) return std::nullopt;
  const ActivityLook look = look_at_activity(record);
  if (look.trouble) return look.trouble;
  if (!look.pending) {
    if (uncertain(memory)) return with_outcome(DeliveryOutcome::already_done, "the activity has ended");
    return dead({ErrorKind::not_found, "no such activity is pending"});
  }
  if (!memory.attempt) {
    memory.attempt = look.pending->attempt;
    return prepared();
  }
  if (look.pending->attempt > *memory.attempt) {
    return with_outcome(DeliveryOutcome::already_done, fmt::format("attempt {} has ended, {} goes on",
                                                                   *memory.attempt, look.pending->attempt));
  }
  return std::nullopt;
}

// Speaks the generation of routes that the server knows, and remembers which.
Exchange Delivery::attempt_activity(const OutboxRecord& record, DeliveryMemory& memory) {
  const ActivityRoutes known = routes_;
  Exchange exchange = attempt(*activity_call(frontend_.sender(), record, known), memory);
  if (exchange.sorted.finding != Finding::wrong_path) return exchange;
  const ActivityRoutes other =
      known == ActivityRoutes::by_body ? ActivityRoutes::by_path : ActivityRoutes::by_body;
  Exchange second = attempt(*activity_call(frontend_.sender(), record, other), memory);
  if (second.sorted.finding != Finding::wrong_path) routes_ = other;
  return second;
}

DeliveryAnswer Delivery::activity(const OutboxRecord& record, DeliveryMemory& memory) {
  const auto call = activity_call(frontend_.sender(), record, ActivityRoutes::by_body);
  if (!call) return dead(call.error());
  if (auto answer = prepare_fail(record, memory)) return *answer;
  const bool repeated = uncertain(memory);
  const Exchange exchange = attempt_activity(record, memory);
  DeliveryAnswer answer = exchange.usual();
  const Finding finding = exchange.sorted.finding;
  if (finding == Finding::activity_idle) {
    const ActivityLook look = look_at_activity(record);
    if (look.trouble) return *look.trouble;
    if (look.pending && !look.pending->started) {
      answer.outcome = DeliveryOutcome::retry;
      answer.only_itself = true;
      answer.reason = "the activity is scheduled, but no worker has started it";
      return answer;
    }
  }
  const bool gone = finding == Finding::activity_gone || finding == Finding::activity_idle ||
                    finding == Finding::workflow_closed || finding == Finding::workflow_unknown;
  if (gone && repeated) answer.outcome = DeliveryOutcome::already_done;
  return answer;
}

}  // namespace sundial::temporal
