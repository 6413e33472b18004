// An agent for the surface's tests: remembers what it was asked, and answers as it was told.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/api/agent_control.hpp"
#include "agent/api/errors.hpp"
#include "agent/config/definitions.hpp"
#include "platform/json/json.hpp"

namespace sundial::api {

inline DeliveryAnswer answer_of(DeliveryOutcome outcome, std::string reason = "",
                                ErrorKind refusal = ErrorKind::invalid) {
  DeliveryAnswer answer;
  answer.outcome = outcome;
  answer.reason = std::move(reason);
  answer.refusal = refusal;
  answer.run_id = "run";
  return answer;
}

class FakeAgent final : public AgentControl {
 public:
  FakeAgent() { state.version = "1.2.3"; }

  Moment now() const override { return moment; }
  AgentStatus status() const override {
    if (asked_status) asked_status();
    return state;
  }
  std::function<void()> asked_status;
  const Metrics& metrics() const override { return counters; }
  const model::Configuration& configuration() const override { return settings; }

  List rules() const override { return rule_documents; }
  List rule_keys(const std::string&, std::size_t) const override { return key_documents; }
  std::vector<std::string> schedule_ids() const override {
    std::vector<std::string> ids;
    for (const Value& document : schedule_documents) ids.push_back(*document.find("id")->text());
    std::sort(ids.begin(), ids.end());
    return ids;
  }
  std::optional<Map> schedule_document(const std::string& id) const override {
    for (const Value& document : schedule_documents) {
      if (*document.find("id")->text() == id) return *document.get_if<Map>();
    }
    return std::nullopt;
  }
  void keep(const std::string& name, std::optional<std::string> value) override {
    std::erase_if(facts, [&](const auto& fact) { return fact.first == name; });
    if (value) facts.emplace_back(name, std::move(*value));
  }
  void keep_with_effect(const std::string& name, const std::string& value) override { keep(name, value); }
  const std::vector<std::pair<std::string, std::string>>& kept() const override { return facts; }
  std::vector<std::pair<std::string, std::string>> facts;

  Result<std::vector<std::string>> next_times(const std::string&, std::size_t count) const override {
    std::vector<std::string> times;
    for (std::size_t i = 0; i < count; ++i) {
      const Instant due = moment.wall + std::chrono::hours{static_cast<int>(i) + 1};
      times.push_back(format_rfc3339(due, Fraction::when_needed));
    }
    return times;
  }
  void outcomes(std::vector<std::string> schedules, std::size_t limit, Answer<Outcomes> done) override {
    Outcomes all;
    for (const std::string& id : schedules) {
      std::vector<NumberedLedgerEntry>& lines = all.emplace_back();
      for (const NumberedLedgerEntry& entry : entries) {
        if (entry.entry.id == id && lines.size() < limit) lines.push_back(entry);
      }
    }
    done(std::move(all));
  }

  void accept(model::Message message, Answer<std::string> done) override {
    if (store_full) return done(Error(ErrorKind::exhausted, "the store is full"));
    accepted.push_back(std::move(message));
    done("m" + std::to_string(accepted.size()));
  }
  void schedule(model::ScheduleCommand command, Answer<void> done) override {
    commands.push_back(command);
    if (command.definition) {
      Map document = *json::parse(command.definition_json)->get_if<Map>();
      document.set("id", command.id);
      document.set("source", "api");
      forget(command.id);
      schedule_documents.emplace_back(std::move(document));
    } else if (command.verb == model::ScheduleCommand::Verb::remove) {
      forget(command.id);
    }
    done({});
  }
  void reset_keys(model::ResetKeys command, Answer<void> done) override {
    resets.push_back(std::move(command));
    done({});
  }
  Result<Value> dry_run(const model::Message& message) const override { return Value(List{message.topic}); }

  void submit(DirectCall call, Millis wait, Answer<Submission> done) override {
    calls.push_back(std::move(call));
    last_wait = wait;
    if (hold_submissions) {
      held.push_back(std::move(done));
    } else if (store_full) {
      done(Error(ErrorKind::exhausted, "the store is full"));
    } else {
      done(Submission{calls.size(), "", outcome});
    }
  }

  void records(RecordState wanted, std::uint64_t after, std::size_t limit,
               Answer<std::vector<StoredRecord>> done) override {
    std::vector<StoredRecord> found;
    for (const StoredRecord& each : stored) {
      if (each.state == wanted && each.record.number > after && found.size() < limit) found.push_back(each);
    }
    done(std::move(found));
  }
  void record(std::uint64_t number, Answer<StoredRecord> done) override {
    for (const StoredRecord& each : stored) {
      if (each.record.number == number) return done(each);
    }
    done(Error(ErrorKind::not_found, "there is no such record"));
  }
  void edit_record(std::uint64_t number, Map action, Answer<void> done) override {
    for (StoredRecord& each : stored) {
      if (each.record.number == number) each.record.action = action;
    }
    done({});
  }
  void retry_record(std::uint64_t number, Answer<void> done) override {
    retried.push_back(number);
    done({});
  }
  void drop_record(std::uint64_t number, Answer<void> done) override {
    std::erase_if(stored, [number](const StoredRecord& each) { return each.record.number == number; });
    done({});
  }
  std::vector<Delivery> deliveries() const override { return delivered; }

  void ledger(const LedgerQuery& query, Answer<std::vector<NumberedLedgerEntry>> done) override {
    std::vector<NumberedLedgerEntry> found;
    for (auto entry = entries.rbegin(); entry != entries.rend() && found.size() < query.limit; ++entry) {
      if (query.before == 0 || entry->number < query.before) found.push_back(*entry);
    }
    done(std::move(found));
  }
  void follow_ledger(std::function<void(const NumberedLedgerEntry&)> listener) override {
    follower = std::move(listener);
  }
  void decide(const std::string& id) {
    model::LedgerEntry entry;
    entry.id = id;
    entry.what = "fired";
    entries.push_back({entries.size() + 1, std::move(entry)});
    if (follower) follower(entries.back());
  }

  void describe_workflow(const std::string& id, const std::string&,
                         Answer<WorkflowDescription> done) override {
    if (id == "unknown") return done(Error(ErrorKind::not_found, "workflow not found"));
    done(WorkflowDescription{id, "run", "run", "Demo", "running", moment.wall, moment.wall, {}, {}});
  }
  void workflow_result(const std::string& id, const std::string&, Answer<WorkflowResult> done) override {
    ++result_questions;
    if (id == "unknown") return done(Error(ErrorKind::not_found, "workflow not found"));
    done(result);
  }
  void workflow_history(const std::string&, const std::string&, const std::string&, int,
                        Answer<Value> done) override {
    done(Value(object({{"items", List{}}, {"next", Value()}})));
  }
  void query_workflow(const std::string&, const std::string&, List arguments, Answer<Value> done) override {
    if (query_problem) return done(*query_problem);
    done(Value(std::move(arguments)));
  }
  void update_workflow(const std::string&, const std::string&, const std::string&, List arguments, Millis,
                       Answer<Value> done) override {
    if (query_problem) return done(*query_problem);
    done(Value(std::move(arguments)));
  }
  void list_workflows(const std::string&, const std::string&, int, Answer<Value> done) override {
    done(Value(object({{"items", List{}}, {"next", Value()}})));
  }
  void count_workflows(const std::string&, Answer<std::int64_t> done) override { done(std::int64_t{7}); }
  Result<std::uint64_t> begin_recording(const std::vector<std::string>& filters, Taken taken) override {
    if (std::find(filters.begin(), filters.end(), "bad/#/filter") != filters.end())
      return Error(ErrorKind::invalid, "topic: '#' must be the last level");
    recorded_filters = filters;
    recorder = std::move(taken);
    return std::uint64_t{1};
  }
  void end_recording(std::uint64_t) override { recorder = {}; }
  void reload(Answer<std::vector<std::string>> done) override { done(std::vector<std::string>{"rule.a"}); }

  void forget(const std::string& id) {
    std::erase_if(schedule_documents,
                  [&](const Value& document) { return *document.find("id")->text() == id; });
  }

  Moment moment{Instant{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}},
                Elapsed{std::chrono::hours{1}}};
  AgentStatus state;
  Metrics counters;
  model::Configuration settings;
  List rule_documents, key_documents, schedule_documents;
  std::vector<model::Message> accepted;
  std::vector<model::ScheduleCommand> commands;
  std::vector<model::ResetKeys> resets;
  std::vector<DirectCall> calls;
  std::vector<Answer<Submission>> held;
  std::vector<StoredRecord> stored;
  std::vector<std::uint64_t> retried;
  std::vector<Delivery> delivered;
  std::vector<NumberedLedgerEntry> entries;
  std::function<void(const NumberedLedgerEntry&)> follower;
  std::vector<std::string> recorded_filters;
  Taken recorder;
  std::optional<DeliveryAnswer> outcome = answer_of(DeliveryOutcome::done);
  std::optional<Error> query_problem;
  WorkflowResult result{"running", {}, {}};
  Millis last_wait{0};
  int result_questions = 0;
  bool hold_submissions = false;
  bool store_full = false;
};

}  // namespace sundial::api
