// What the HTTP surface asks of the agent: inputs, direct calls, the outbox, questions to Temporal.
#include <algorithm>
#include <utility>

#include "agent/config/definitions.hpp"
#include "agent/runtime/agent.hpp"
#include "agent/runtime/direct_call.hpp"
#include "agent/runtime/rules_in_force.hpp"
#include "platform/base/text.hpp"

namespace sundial::runtime {

// What is in the journal has its effect, also where the transaction fails: all begins anew from there. So
// callers who waited for it are told that it was taken; one who heard otherwise would send it twice.
void Agent::accept(model::Message message, api::Answer<std::string> done) {
  const std::string_view source = message.webhook ? "webhook" : "http";
  auto note = std::exchange(note_, std::nullopt);
  auto shared = std::make_shared<api::Answer<std::string>>(std::move(done));
  auto id = std::make_shared<std::string>();
  if (!stands()) return (*shared)(failure());
  auto accepted = engine_->accept(
      std::move(message), [shared, id](const Result<void>&) { (*shared)(*id); }, std::move(note));
  if (!accepted) return (*shared)(accepted.error());
  metrics_.count("messages_received_total", source);
  *id = *accepted;
}

void Agent::schedule(model::ScheduleCommand command, api::Answer<void> done) {
  auto note = std::exchange(note_, std::nullopt);
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
  if (!stands()) return (*shared)(failure());
  auto accepted = engine_->accept(
      std::move(command), [shared](const Result<void>&) { (*shared)({}); }, std::move(note));
  if (!accepted) (*shared)(accepted.error());
}

void Agent::reset_keys(model::ResetKeys command, api::Answer<void> done) {
  auto note = std::exchange(note_, std::nullopt);
  auto shared = std::make_shared<api::Answer<void>>(std::move(done));
  if (!stands()) return (*shared)(failure());
  auto accepted = engine_->accept(
      std::move(command), [shared](const Result<void>&) { (*shared)({}); }, std::move(note));
  if (!accepted) (*shared)(accepted.error());
}

// --- direct calls --------------------------------------------------------------------------------

void Agent::submit(api::DirectCall call, Millis wait, api::Answer<api::Submission> done) {
  note_.reset();  // it goes by the record's transaction, where it is already
  if (!stands()) return done(failure());
  if (!takes_calls()) return done(Error(ErrorKind::exhausted, "the store is full"));
  const Moment present = engine_->now();
  auto record = record_of(call, configuration_.device.name, ids_.next(present.wall), present);
  if (!record) return done(record.error());
  const std::string workflow_id = record->lane;
  const std::uint64_t number = engine_->submit(std::move(*record), {});
  const auto timer = parts_.loop.at(parts_.loop.now().elapsed + wait, [this, number] {
    // That it will go by itself is true only once it is kept.
    if (const auto found = waiting_.find(number); found != waiting_.end() && !found->second.kept) {
      found->second.overdue = true;
    } else {
      answer_waiting(number, std::nullopt);
    }
  });
  waiting_[number] = {std::move(done), timer, workflow_id, false, false};
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

void Agent::records(RecordState state, std::uint64_t after, std::size_t limit,
                    api::Answer<std::vector<StoredRecord>> done) {
  ask_store<std::vector<StoredRecord>>([=](Store& store) { return store.records(state, after, limit); },
                                       std::move(done));
}

void Agent::read_waiting(std::optional<std::string> lane, std::uint64_t after, std::size_t limit,
                         Bridge::Parts::ReadDone done) {
  ask_store<std::vector<StoredRecord>>(
      [lane = std::move(lane), after, limit](Store& store) {
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

// It goes to the disk as all the others did; what the editor left sealed stays as it is.
Result<void> Agent::seal_edited(model::OutboxRecord record, Map& action) const {
  if (parts_.sealer == nullptr) return {};
  Map sealed;
  if (Value* before = action.find("sealed"); before != nullptr && before->is<Map>()) {
    sealed = std::move(*before->get_if<Map>());
    action.erase("sealed");
  }
  record.action = std::move(action);
  if (auto done = parts_.sealer->seal(record); !done) return done;
  action = std::move(record.action);
  if (const Value* fresh = action.find("sealed"); fresh != nullptr && fresh->is<Map>()) {
    for (const auto& [key, value] : *fresh->get_if<Map>()) sealed.set(*key.text(), value);
  }
  if (!sealed.empty()) action.set("sealed", std::move(sealed));
  return {};
}

void Agent::edit_record(std::uint64_t number, Map action, api::Answer<void> done) {
  with_dead_letter(
      number,
      [this, number, action = std::move(action), done](const StoredRecord& stored) {
        RecordUpdate update;
        update.number = number;
        update.kind = RecordUpdate::Kind::replace;
        update.action = action;
        if (auto sealed = seal_edited(stored.record, *update.action); !sealed) return done(sealed.error());
        change_record(
            std::move(update), [] {}, done);
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
        const auto revive = [this, stored] {
          StoredRecord revived = stored;
          revived.state = RecordState::waiting;
          if (stands()) bridge_->revived(std::move(revived));
        };
        change_record(std::move(update), revive, done);
      },
      done);
}

void Agent::drop_record(std::uint64_t number, api::Answer<void> done) {
  record(number, [this, number, done = std::move(done)](Result<StoredRecord> found) {
    if (!found) return done(found.error());
    if (!stands()) return done(failure());
    const auto dropped = [this, done, record = found->record] {
      if (record.kind == model::ActionKind::start) watcher_->never_starts(record.lane);
      metrics_.count("outbox_dropped_total", "dead");
      done({});
    };
    if (found->state == RecordState::dead) {
      RecordUpdate update;
      update.number = number;
      change_record(std::move(update), dropped, done);
    } else if (!bridge_->drop(
                   {number}, [](std::uint64_t) {}, dropped)) {
      done(Error(ErrorKind::conflict, "it is on its way just now"));
    }
  });
}

void Agent::change_record(RecordUpdate update, std::function<void()> then, api::Answer<void> done) {
  if (!stands()) return done(failure());
  committer_->next().updates.push_back(std::move(update));
  committer_->now([this, then = std::move(then), done = std::move(done)](const Result<void>& committed) {
    if (!committed) return done(committed.error());
    then();
    done({});
    look_at_room();
  });
}

void Agent::keep(const std::string& name, std::optional<std::string> value) {
  if (!stands()) return;
  committer_->next().facts.emplace_back(name, std::move(value));
  committer_->soon();
}

void Agent::keep_with_effect(const std::string& name, const std::string& value) {
  keep(name, value);
  note_ = Note{name, value};
}

// --- Temporal ------------------------------------------------------------------------------------

template <typename T>
void Agent::ask_temporal(std::function<Result<T>(WorkflowService&)> question, api::Answer<T> done,
                         Worker* worker) {
  auto result = std::make_shared<std::optional<Result<T>>>();
  (worker == nullptr ? parts_.temporal_worker : *worker)
      .run([this, result, question = std::move(question)] { *result = question(parts_.temporal); },
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
      std::move(done), &parts_.update_worker);
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

}  // namespace sundial::runtime
