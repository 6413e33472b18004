// What became of records: the list of what was sent, the ledger, callers who wait, and who waits for
// the end of a run.
#include <utility>

#include "agent/runtime/agent.hpp"

namespace sundial::runtime {
namespace {

constexpr std::size_t kMaxDeliveries = 500;

std::string text_member(const Map& action, std::string_view key) {
  const Value* value = action.find(key);
  return value == nullptr || value->text() == nullptr ? std::string() : *value->text();
}

}  // namespace

void Agent::delivered(Delivered done) {
  const model::OutboxRecord& record = done.record;
  const bool ours = done.end == outbox::End::done || done.end == outbox::End::already;
  const std::string id = text_member(record.action, "id");
  api::Delivery delivery;
  delivery.number = record.number;
  delivery.kind = record.kind;
  delivery.workflow_id = id.empty() ? record.lane : id;
  delivery.run_id = done.answer.run_id;
  delivery.type = text_member(record.action, "workflow");
  delivery.origin = record.origin;
  delivery.decided = record.decided.wall;
  delivery.delivered = done.at.wall;
  delivery.outcome = done.answer.outcome;
  delivery.reason = done.answer.reason;
  if (ours) metrics_.observe("event_to_effect_seconds", done.at.wall - record.decided.wall);
  if (record.kind == model::ActionKind::start) watch(record, delivery.workflow_id, done.answer.run_id, ours);
  if (!record.origin.trace.empty()) {
    parts_.log.info("action.delivered", "an action that belongs to a trace has had its answer",
                    {{"kind", model::name_of(record.kind)},
                     {"workflow", delivery.workflow_id},
                     {"run", delivery.run_id},
                     {"trace", model::trace_id_of(record.origin.trace)}});
  }
  note_end(done);
  deliveries_.push_front(std::move(delivery));
  if (deliveries_.size() > kMaxDeliveries) deliveries_.pop_back();
  answer_waiting(record.number, done.answer);
}

// What waits for the run's end is written down in the transaction that takes the record away.
void Agent::watch(const model::OutboxRecord& record, const std::string& workflow_id,
                  const std::string& run_id, bool runs) {
  if (!runs) return watcher_->never_starts(record.lane);
  std::vector<RunWatcher::Fact>& facts = committer_->next().facts;
  if (auto fact = watcher_->started(record.lane, workflow_id, run_id)) facts.push_back(std::move(*fact));
  if (!record.result_to) return;
  auto fact = watcher_->await(record.number, awaited_result(record, workflow_id, run_id));
  if (fact) return facts.push_back(std::move(*fact));
  metrics_.count("outbox_dropped_total", "newest");
  parts_.log.error("result.not_awaited", "too many workflows run whose results are to be published",
                   {{"workflow", workflow_id}, {"most", RunWatcher::kMostResults}});
}

bool Agent::publish_result(const AwaitedResult& awaited, const WorkflowResult* result,
                           RunWatcher::Fact over) {
  if (!stands() || full_ || stopping_) return false;
  const Moment at = engine_->now();
  auto message =
      result == nullptr
          ? Result<model::OutboxRecord>(Error(ErrorKind::not_found, "Temporal no longer knows the workflow"))
          : message_of(awaited, *result, at);
  model::LedgerEntry entry;
  entry.at = at.wall;
  entry.origin = awaited.origin.kind;
  entry.id = awaited.origin.id;
  entry.key = awaited.origin.key;
  entry.event = awaited.origin.event;
  entry.what = message ? "result" : "error";
  entry.reason = message ? result->status : "result_to";
  entry.detail = message ? awaited.workflow_id : awaited.workflow_id + ": " + message.error().message();
  if (!message) parts_.log.warning("result.not_published", entry.detail);
  committer_->next().facts.push_back(std::move(over));
  committer_->next().ledger.push_back(std::move(entry));
  if (message) {
    engine_->submit(std::move(*message), {});
  } else {
    committer_->now();
  }
  return true;
}

// What did not have its effect is told where people look for the reason.
void Agent::note_end(const Delivered& done) {
  std::string what;
  switch (done.end) {
    case outbox::End::done:
    case outbox::End::already:
      return;
    case outbox::End::already_running:
      what = "already_running";
      break;
    case outbox::End::dead:
      what = "dead";
      break;
    case outbox::End::expired:
      what = "expired";
      break;
  }
  if (done.end == outbox::End::expired) metrics_.count("outbox_dropped_total", "expired");
  model::LedgerEntry entry;
  entry.at = done.at.wall;
  entry.origin = done.record.origin.kind;
  entry.id = done.record.origin.id;
  entry.key = done.record.origin.key;
  entry.event = done.record.origin.event;
  entry.what = what;
  entry.detail = done.answer.reason;
  committer_->next().ledger.push_back(std::move(entry));
}

}  // namespace sundial::runtime
