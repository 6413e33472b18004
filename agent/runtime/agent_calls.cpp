// What the HTTP surface asks of the agent: inputs, direct calls, the outbox, questions to Temporal.
#include <algorithm>
#include <utility>

#include "agent/config/definitions.hpp"
#include "agent/runtime/agent.hpp"
#include "agent/runtime/direct_call.hpp"
#include "agent/runtime/rules_in_force.hpp"
#include "platform/base/text.hpp"

namespace sundial::runtime {
void Agent::accept(model::Message message, api::Answer<std::string> done) {
  const std::string_view source = message.webhook ? "webhook" : "http";
  auto shared = std::make_shared<api::Answer<std::string>>(std::move(done));
  auto id = std::make_shared<std::string>();
  auto accepted = engine_->accept(std::move(message), [shared, id] { (*shared)(*id); });
  if (!accepted) return (*shared)(accepted.error());
  metrics_.count("messages_received_total", source);
  *id = *accepted;
}

void Agent::schedule(model::ScheduleCommand command, api::Answer<void> done) {
  if (command.definition) {
    // Compiled by itself: what is wrong with it is for the caller, and never reaches the engine.
    model::Configuration alone;
    alone.device = configuration_.device;
    alone.temporal = configuration_.temporal;
    alone.schedules = {*command.definition};
    std::vector<model::Problem> problems;
    if (engine::Engine::create(alone, parts_.zones, problems) == nullptr) return done(error_of(problems));
  }
  auto shared = std::make_shared<api::Answer<void>>(std::move(done));
  auto accepted = engine_->accept(std::move(command), [shared] { (*shared)({}); });
  if (!accepted) (*shared)(accepted.error());
}

void Agent::reset_keys(model::ResetKeys command, api::Answer<void> done) {
  auto shared = std::make_shared<api::Answer<void>>(std::move(done));
  auto accepted = engine_->accept(std::move(command), [shared] { (*shared)({}); });
  if (!accepted) (*shared)(accepted.error());
}

// --- direct calls --------------------------------------------------------------------------------

void Agent::submit(api::DirectCall call, Millis wait, api::Answer<api::Submission> done) {
  if (full_) return done(Error(ErrorKind::exhausted, "the store is full"));
  const Moment present = engine_->now();
  auto record = record_of(call, configuration_.device.name, ids_.next(present.wall), present);
  if (!record) return done(record.error());
  const std::string workflow_id = record->lane;
  auto number = std::make_shared<std::uint64_t>(0);
  *number = engine_->submit(std::move(*record), [this, number] {
    if (const auto found = waiting_.find(*number); found != waiting_.end()) {
      found->second.on_disk = true;
      if (found->second.overdue) answer_waiting(*number, std::nullopt);
    }
  });
  // "queued" is a promise: it is given for what is on disk, however short the wait.
  const auto timer = parts_.loop.at(parts_.loop.now().elapsed + wait, [this, number] {
    const auto found = waiting_.find(*number);
    if (found == waiting_.end()) return;
    found->second.overdue = true;
    if (found->second.on_disk) answer_waiting(*number, std::nullopt);
  });
  waiting_[*number] = {std::move(done), timer, workflow_id};
}

void Agent::answer_waiting(std::uint64_t number, std::optional<DeliveryAnswer> answer) {
  const auto found = waiting_.find(number);
  if (found == waiting_.end()) return;
  Waiting waiting = std::move(found->second);
  waiting_.erase(found);
  parts_.loop.cancel(waiting.timer);
  waiting.done(api::Submission{number, waiting.workflow_id, std::move(answer)});
}

// --- the store -----------------------------------------------------------------------------------

template <typename T>
void Agent::ask_store(std::function<Result<T>(Store&)> question, api::Answer<T> done) {
  auto result = std::make_shared<std::optional<Result<T>>>();
  parts_.store_worker.run(
      [this, result, question = std::move(question)] { *result = question(parts_.store); },
      [result, done = std::move(done)] { done(std::move(**result)); });
}

void Agent::records(RecordState state, std::uint64_t after, std::size_t limit,
                    api::Answer<std::vector<StoredRecord>> done) {
  ask_store<std::vector<StoredRecord>>([=](Store& store) { return store.records(state, after, limit); },
                                       std::move(done));
}

void Agent::read_waiting(std::optional<std::string> lane, std::uint64_t after, std::size_t limit,
                         Bridge::Parts::ReadDone done) {
  ask_store<std::vector<StoredRecord>>(
      [=](Store& store) {
        return lane ? store.lane_records(*lane, after, limit)
                    : store.records(RecordState::waiting, after, limit);
      },
      std::move(done));
}

void Agent::record(std::uint64_t number, api::Answer<StoredRecord> done) {
  ask_store<StoredRecord>(
      [number](Store& store) -> Result<StoredRecord> {
        auto found = store.record(number);
        if (!found) return found.error();
        if (!*found) return Error(ErrorKind::not_found, "no such record");
        return std::move(**found);
      },
      std::move(done));
}

void Agent::ledger(const LedgerQuery& query, api::Answer<std::vector<NumberedLedgerEntry>> done) {
  ask_store<std::vector<NumberedLedgerEntry>>([query](Store& store) { return store.ledger(query); },
                                              std::move(done));
}

void Agent::outcomes(std::vector<std::string> schedules, std::size_t limit, api::Answer<Outcomes> done) {
  ask_store<Outcomes>(
      [schedules = std::move(schedules), limit](Store& store) -> Result<Outcomes> {
        Outcomes all;
        LedgerQuery query;
        query.origin = model::OriginKind::schedule;
        query.what = {"fired", "made_up", "skipped", "missed"};
        query.limit = limit;
        for (const std::string& id : schedules) {
          query.id = id;
          auto lines = store.ledger(query);
          if (!lines) return lines.error();
          std::reverse(lines->begin(), lines->end());
          all.push_back(*std::move(lines));
        }
        return all;
      },
      std::move(done));
}

void Agent::follow_ledger(std::function<void(const NumberedLedgerEntry&)> listener) {
  ledger_listener_ = std::move(listener);
}

void Agent::with_dead_letter(std::uint64_t number, std::function<void(StoredRecord)> then,
                             api::Answer<void> done) {
  record(number, [then = std::move(then), done = std::move(done)](Result<StoredRecord> found) {
    if (!found) return done(found.error());
    if (found->state != RecordState::dead) {
      return done(Error(ErrorKind::conflict, "only a dead letter can be edited or tried again"));
    }
    then(std::move(*found));
  });
}

void Agent::edit_record(std::uint64_t number, Map action, api::Answer<void> done) {
  with_dead_letter(
      number,
      [this, number, action = std::move(action), done](const StoredRecord&) {
        RecordUpdate update;
        update.number = number;
        update.kind = RecordUpdate::Kind::replace;
        update.action = action;
        commit({std::move(update)}, [done] { done({}); });
      },
      done);
}

void Agent::retry_record(std::uint64_t number, api::Answer<void> done) {
  with_dead_letter(
      number,
      [this, number, done](const StoredRecord& stored) {
        RecordUpdate update;
        update.number = number;
        update.kind = RecordUpdate::Kind::revive;
        commit({std::move(update)}, [this, stored, done] {
          StoredRecord revived = stored;
          revived.state = RecordState::waiting;
          bridge_->revived(std::move(revived));
          done({});
        });
      },
      done);
}

void Agent::drop_record(std::uint64_t number, api::Answer<void> done) {
  record(number, [this, number, done = std::move(done)](Result<StoredRecord> found) {
    if (!found) return done(found.error());
    if (found->state == RecordState::waiting && !bridge_->drop(number)) {
      return done(Error(ErrorKind::conflict, "it is on its way just now"));
    }
    metrics_.count("outbox_dropped_total", "dead");
    if (found->record.kind == model::ActionKind::start) watcher_->never_starts(found->record.lane);
    RecordUpdate update;
    update.number = number;
    update.kind = RecordUpdate::Kind::remove;
    commit({std::move(update)}, [done] { done({}); });
  });
}

void Agent::keep(const std::string& name, std::optional<std::string> value) {
  committer_->next().facts.emplace_back(name, std::move(value));
  committer_->soon();
}

// --- Temporal ------------------------------------------------------------------------------------

template <typename T>
void Agent::ask_temporal(std::function<Result<T>(WorkflowService&)> question, api::Answer<T> done) {
  auto result = std::make_shared<std::optional<Result<T>>>();
  parts_.temporal_worker.run(
      [this, result, question = std::move(question)] { *result = question(parts_.temporal); },
      [result, done = std::move(done)] { done(std::move(**result)); });
}

void Agent::describe_workflow(const std::string& id, const std::string& run_id,
                              api::Answer<WorkflowDescription> done) {
  ask_temporal<WorkflowDescription>([=](WorkflowService& temporal) { return temporal.describe(id, run_id); },
                                    std::move(done));
}

void Agent::workflow_result(const std::string& id, const std::string& run_id,
                            api::Answer<WorkflowResult> done) {
  ask_temporal<WorkflowResult>(
      [=](WorkflowService& temporal) { return temporal.result(id, run_id, Millis{0}); }, std::move(done));
}

void Agent::workflow_history(const std::string& id, const std::string& run_id, const std::string& page,
                             int limit, api::Answer<Value> done) {
  ask_temporal<Value>([=](WorkflowService& temporal) { return temporal.history(id, run_id, page, limit); },
                      std::move(done));
}

void Agent::query_workflow(const std::string& id, const std::string& name, List arguments,
                           api::Answer<Value> done) {
  ask_temporal<Value>([=](WorkflowService& temporal) { return temporal.query(id, name, arguments); },
                      std::move(done));
}

void Agent::update_workflow(const std::string& id, const std::string& name, const std::string& update_id,
                            List arguments, Millis wait, api::Answer<Value> done) {
  ask_temporal<Value>(
      [=](WorkflowService& temporal) { return temporal.update(id, name, update_id, arguments, wait); },
      std::move(done));
}

void Agent::list_workflows(const std::string& query, const std::string& page, int limit,
                           api::Answer<Value> done) {
  ask_temporal<Value>([=](WorkflowService& temporal) { return temporal.list(query, page, limit); },
                      std::move(done));
}

void Agent::count_workflows(const std::string& query, api::Answer<std::int64_t> done) {
  ask_temporal<std::int64_t>([=](WorkflowService& temporal) { return temporal.count(query); },
                             std::move(done));
}

// --- reload --------------------------------------------------------------------------------------

void Agent::reload(api::Answer<std::vector<std::string>> done) {
  auto next = parts_.load_configuration();
  if (!next) {
    parts_.log.error("reload.refused", "the configuration has problems; nothing was changed");
    return done(next.error());
  }
  auto changed = take_over(*next);
  if (!changed) {
    parts_.log.error("reload.refused", changed.error().message());
    return done(changed.error());
  }
  parts_.log.info("reload.done", "the configuration was read again", {{"changed", changed->size()}});
  committer_->now([done = std::move(done), changed = std::move(*changed)] { done(changed); });
}

Result<std::vector<std::string>> Agent::take_over(const model::Configuration& next) {
  const auto client_id = [](const model::Configuration& of) {
    return of.mqtt ? of.mqtt->client_id : std::string();
  };
  if (next.http.listen != configuration_.http.listen || next.store.path != configuration_.store.path ||
      client_id(next) != client_id(configuration_)) {
    return Error(ErrorKind::conflict,
                 "[http] listen, [store] path and [mqtt] client_id take a restart to change");
  }
  if (full_) return Error(ErrorKind::exhausted, "the store is full");
  engine_->work();
  model::Configuration wanted = next;
  wanted.stored_schedules = stored_schedules(engine_->engine().everything());
  const std::vector<std::string> changed = changed_names(configuration_, wanted);
  if (auto done = engine_->follow(wanted, parts_.zones); !done) return done.error();
  configuration_ = std::move(wanted);
  committer_->next().facts.emplace_back("rules", write_rules(configuration_));
  auto subscriptions = take_interest();
  if (parts_.bus != nullptr) parts_.bus->resubscribe(std::move(subscriptions));
  return changed;
}

}  // namespace sundial::runtime
