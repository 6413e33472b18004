// The agent: recovers, then takes inputs, decides, commits and hands on, until it is told to stop.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/api/agent_control.hpp"
#include "agent/core/rules/topic_filter.hpp"
#include "agent/runtime/bridge.hpp"
#include "agent/runtime/certificates.hpp"
#include "agent/runtime/committer.hpp"
#include "agent/runtime/engine_loop.hpp"
#include "agent/runtime/intake.hpp"
#include "agent/runtime/recovery.hpp"
#include "agent/runtime/run_watcher.hpp"
#include "agent/runtime/written_days.hpp"
#include "platform/clock.hpp"
#include "platform/event_loop.hpp"
#include "platform/worker.hpp"

namespace sundial::runtime {

struct AgentParts {
  EventLoop& loop;
  const Clock& clock;
  Log& log;
  const ZoneSource& zones;
  Store& store;
  Worker& store_worker;  // one thread: transactions stay in order
  OpenJournal open_journal;
  MessageBus* bus = nullptr;  // null: no broker
  WorkflowService& temporal;
  Worker& callers;                       // the bridge's: as many threads as connections
  Worker& temporal_worker;               // questions of callers
  Worker& update_worker;                 // updates: they may take as long as the workflow wants
  Worker& watch_worker;                  // waits for the ends of runs
  const RecordSealer* sealer = nullptr;  // no encryption
  // Reads the configuration again; an error holds all that is wrong, a line each.
  std::function<Result<model::Configuration>()> load_configuration;
  // A small file that the configuration names; left out: no certificate is looked at.
  ReadFile read_file{};
  // Makes ready what other settings need round the agent, and returns what puts that in force. An error:
  // they can't be. Left out: nothing stands round it.
  std::function<Result<std::function<void()>>(const model::Configuration& next)> prepare_settings{};
  std::string version;
  std::uint64_t seed = 0;  // for ids
  // Bytes that the disk has beyond what must stay free for what waits to be delivered; left out: no end.
  std::function<std::uint64_t()> spare_room{};
  // Bytes that the journal wrote to the disk so far; left out: nobody counts them.
  std::function<std::uint64_t()> journal_written{};
  std::function<std::string(const std::string& device)> health_topic{};  // none: health is told to nobody
  // Hands free memory back to the system; left out: nobody does.
  std::function<void()> give_back_memory{};
};

class Agent final : public api::AgentControl, private BusListener {
 public:
  explicit Agent(AgentParts parts);
  ~Agent() override;

  // Recovers and begins. What is wrong with the configuration goes to `problems`.
  Result<void> start(const model::Configuration& configuration, std::vector<model::Problem>& problems);
  // Takes nothing more, commits, lets the bridge send for at most `patience`, says good-bye to the
  // broker; then `done`.
  void stop(Millis patience, std::function<void()> done);
  bool ready() const { return why_not_ready().empty(); }

  Moment now() const override;
  api::AgentStatus status() const override;
  const api::Metrics& metrics() const override;
  const model::Configuration& configuration() const override { return configuration_; }
  List rules() const override;
  List rule_keys(const std::string& rule, std::size_t limit) const override;
  std::vector<std::string> schedule_ids() const override;
  std::optional<Map> schedule_document(const std::string& id) const override;
  Result<std::vector<std::string>> next_times(const std::string& schedule, std::size_t count) const override;
  void outcomes(std::vector<std::string> schedules, std::size_t limit, api::Answer<Outcomes> done) override;
  void accept(model::Message message, api::Answer<std::string> done) override;
  void schedule(model::ScheduleCommand command, api::Answer<void> done) override;
  void reset_keys(model::ResetKeys command, api::Answer<void> done) override;
  Result<Value> dry_run(const model::Message& message) const override;
  void submit(api::DirectCall call, Millis wait, api::Answer<api::Submission> done) override;
  void records(RecordState state, std::uint64_t after, std::size_t limit,
               api::Answer<std::vector<StoredRecord>> done) override;
  void record(std::uint64_t number, api::Answer<StoredRecord> done) override;
  void edit_record(std::uint64_t number, Map action, api::Answer<void> done) override;
  void retry_record(std::uint64_t number, api::Answer<void> done) override;
  void drop_record(std::uint64_t number, api::Answer<void> done) override;
  std::vector<api::Delivery> deliveries() const override;
  void ledger(const LedgerQuery& query, api::Answer<std::vector<NumberedLedgerEntry>> done) override;
  void follow_ledger(std::function<void(const NumberedLedgerEntry&)> listener) override;
  void describe_workflow(const std::string& id, const std::string& run_id,
                         api::Answer<WorkflowDescription> done) override;
  void workflow_result(const std::string& id, const std::string& run_id,
                       api::Answer<WorkflowResult> done) override;
  void workflow_history(const std::string& id, const std::string& run_id, const std::string& page, int limit,
                        api::Answer<Value> done) override;
  void query_workflow(const std::string& id, const std::string& name, List arguments,
                      api::Answer<Value> done) override;
  void update_workflow(const std::string& id, const std::string& name, const std::string& update_id,
                       List arguments, Millis wait, api::Answer<Value> done) override;
  void list_workflows(const std::string& query, const std::string& page, int limit,
                      api::Answer<Value> done) override;
  void count_workflows(const std::string& query, api::Answer<std::int64_t> done) override;
  Result<std::uint64_t> begin_recording(const std::vector<std::string>& filters, Taken taken) override;
  void end_recording(std::uint64_t recording) override;
  void reload(api::Answer<std::vector<std::string>> done) override;
  void keep(const std::string& name, std::optional<std::string> value) override;
  void keep_with_effect(const std::string& name, const std::string& value) override;
  const std::vector<std::pair<std::string, std::string>>& kept() const override { return kept_; }

 private:
  // The bus's listener, on its threads.
  bool arrived(const Arrival& arrival) override;
  void connected(bool session_present) override;
  void subscribed() override;
  void refused(const std::string& filter, const std::string& why) override;
  void disconnected(const std::string& why) override;

  // What the bridge tells.
  void read_waiting(std::optional<std::string> lane, std::uint64_t after, std::size_t limit,
                    Bridge::Parts::ReadDone done);
  void commit(std::vector<RecordUpdate> updates, std::function<void()> done);
  void delivered(Delivered delivered);
  void requested(const Request& request);
  void link_changed();

  Result<Moment> begin(const model::Configuration& configuration, std::vector<model::Problem>& problems);
  void assemble(Recovered& recovered);
  outbox::Limits limits() const;
  void make_bridge();
  void resume(Moment last);
  void tell_the_clock(Moment last);
  void hear_clock_step();
  void look_at_clock();
  void look_at_journal();
  void committed(Committed committed);
  void look_at_certificates();
  bool bridge_passes() const;
  void look_at_temporal();
  void ask_temporal_again();
  void tell_temporal(bool up, const std::string& problem);
  std::vector<Subscription> take_interest();
  void choose_keeps();
  void record_input(const model::Input& input, Instant at);
  void look_at_end();
  void note_end(const Delivered& delivered);
  void watch(const model::OutboxRecord& record, const std::string& workflow_id, const std::string& run_id,
             bool runs);
  bool publish_result(const AwaitedResult& awaited, const WorkflowResult* result, RunWatcher::Fact over);
  void tell_health();
  void give_back_memory_later();
  void begin_series();
  void add_counts(const engine::Engine& engine) const;
  void accept_own(model::Input input);
  std::string why_not_ready() const;

  // The store's room (agent_store.cpp).
  void look_at_room();
  void look_again_at_room();
  std::uint64_t used_bytes() const;
  void become_full(std::uint64_t used);
  void have_room();
  bool admits(const model::OutboxRecord& record);
  void shed(std::uint64_t excess);
  void shed_these(const std::vector<StoredRecord>& candidates, std::string_view reason);
  bool takes_calls() const;
  void end_unsent(const model::OutboxRecord& record, std::string_view reason);
  void tell_what_waits();
  void count_dead();
  void count_written();
  std::optional<std::uint64_t> written_a_day() const;
  std::uint64_t written_since_start() const;

  // Crash-only: what can't be written is given up, and all begins anew from the store (agent_store.cpp).
  void fail(const Error& problem);
  void tear_down();
  void rebuild();
  bool stands() const { return engine_ != nullptr && failure_.empty(); }
  Error failure() const { return {ErrorKind::unavailable, "the store can't be written: " + failure_}; }

  void with_dead_letter(std::uint64_t number, std::function<void(StoredRecord)> then, api::Answer<void> done);
  Result<void> seal_edited(model::OutboxRecord record, Map& action) const;
  void change_record(RecordUpdate update, std::function<void()> then, api::Answer<void> done);
  model::Configuration in_force() const;
  Result<std::vector<std::string>> take_over(const model::Configuration& next);
  void put_in_force(const model::Configuration& before);

  struct Recording {
    std::vector<rules::TopicFilter> filters;  // none: everything
    Taken taken;
  };
  struct Waiting {  // a caller who waits for what becomes of a record
    api::Answer<api::Submission> done;
    EventLoop::TimerId timer;
    std::string workflow_id;
    bool kept = false;     // in the store
    bool overdue = false;  // nobody has answered within the wait
  };
  void answer_waiting(std::uint64_t number, std::optional<DeliveryAnswer> answer);

  template <typename T>
  void ask_temporal(std::function<Result<T>(WorkflowService&)> question, api::Answer<T> done,
                    Worker* worker = nullptr);
  template <typename T>
  void ask_store(std::function<Result<T>(Store&)> question, api::Answer<T> done);

  AgentParts parts_;
  model::Configuration configuration_;
  mutable api::Metrics metrics_;
  Redelivery redelivery_{kMaxUnacknowledged};
  std::unique_ptr<Journal> journal_;
  Intake intake_;
  std::unique_ptr<Committer> committer_;
  std::unique_ptr<EngineLoop> engine_;
  std::unique_ptr<Bridge> bridge_;
  std::unique_ptr<RunWatcher> watcher_;

  MessageIds ids_;
  Elapsed started_{};
  bool stopping_ = false;
  std::function<void()> stopped_;
  bool full_ = false;
  std::uint64_t limit_ = 0;  // max_size, or what the disk can hold
  std::optional<EventLoop::TimerId> room_timer_;
  bool shedding_ = false;
  std::uint64_t admitted_ = 0;  // on_full = "drop_newest": bytes since the last commit
  std::uint64_t dead_dropped_ = 0;
  std::deque<model::Input> untold_;  // the agent's own, for which the journal had no room
  std::string failure_;              // why the store can't be written
  std::string rules_to_rebuild_;     // write_rules of what was in force when it failed
  Millis rebuild_pause_{0};
  std::optional<EventLoop::TimerId> rebuild_timer_;
  std::vector<std::string> former_filters_;
  WrittenDays written_;
  Moment stepped_{};  // when a step of the clock was told
  bool bus_connected_ = false;
  bool bus_subscribed_ = false;
  std::string bus_problem_;
  std::map<std::string, std::string> refused_;  // filters, and why
  bool temporal_up_ = false;
  std::string temporal_problem_;
  Elapsed temporal_heard_{};  // when it answered last
  std::optional<EventLoop::TimerId> temporal_timer_;
  bool clock_trusted_ = false;
  std::vector<std::string> warnings_;
  std::optional<EventLoop::TimerId> certificate_timer_;
  std::optional<EventLoop::TimerId> clock_timer_;
  std::optional<EventLoop::TimerId> sync_timer_;
  std::optional<EventLoop::TimerId> health_timer_;
  std::optional<EventLoop::TimerId> memory_timer_;
  std::map<std::uint64_t, Waiting> waiting_;
  std::vector<std::pair<std::string, std::string>> kept_;
  std::optional<Note> note_;  // for the effect that is handed in next
  std::map<std::uint64_t, Recording> recordings_;
  std::uint64_t last_recording_ = 0;
  std::deque<api::Delivery> deliveries_;
  std::function<void(const NumberedLedgerEntry&)> ledger_listener_;
  std::uint64_t ledger_number_ = 0;
  using CountNames = std::pair<std::string, std::pair<std::string, std::string>>;  // metric, labels
  mutable std::map<CountNames, std::uint64_t> counted_;  // of the present engine, as it was looked at last
  mutable std::map<CountNames, std::uint64_t> totals_;   // of all engines since the agent started
  mutable IntakeCounts intake_counted_;
};

template <typename T>
void Agent::ask_store(std::function<Result<T>(Store&)> question, api::Answer<T> done) {
  auto result = std::make_shared<std::optional<Result<T>>>();
  parts_.store_worker.run(
      [this, result, question = std::move(question)] { *result = question(parts_.store); },
      [result, done = std::move(done)] { done(std::move(**result)); });
}

}  // namespace sundial::runtime
