// The world round an agent, simulated: a broker, a Temporal, a disk and a store, each of which may be
// the place where the process dies.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/ports/message_bus.hpp"
#include "agent/ports/store.hpp"
#include "agent/ports/workflow_service.hpp"
#include "platform/event_loop.hpp"
#include "platform/worker.hpp"
#include "tests/support/memory_store.hpp"

namespace sundial::sim {

// Errors that a developer could make, each put into the world on purpose: a simulation that does not
// find them proves nothing.
enum class Plant {
  none,
  acknowledge_before_commit,
  acknowledge_what_was_refused,
  forgotten_packet_ids,
  fresh_request_id,
  delete_before_answer,
  sync_left_out,
  position_not_committed,
  records_not_committed,
  removals_not_committed,
  state_not_committed,
};

// Thrown where the process dies.
struct Crash {};

// The source of all chance of a run; the same seed gives the same run.
class Fate {
 public:
  explicit Fate(std::uint64_t seed) : state_(seed) {}

  std::uint64_t draw();
  std::uint64_t below(std::uint64_t bound) { return draw() % bound; }
  bool chance(unsigned percent) { return below(100) < percent; }

  // The process dies at the so-manyth point from now on; 0: it lives.
  void crash_in(std::uint64_t points) { points_left_ = points; }
  // A place where it can die.
  void point();
  // A place where the disk can fail.
  std::optional<Error> disk_fault();

  // Whether the links and the servers fail now and then.
  bool trouble = true;
  bool partition = false;  // nobody reaches Temporal
  enum class DiskState { good, failing, full } disk = DiskState::good;

 private:
  std::uint64_t state_;
  std::uint64_t points_left_ = 0;
};

// Runs work late, and brings its answer late: the world goes on meanwhile. In the order of the calls
// where it stands for one thread.
class LateWorker final : public Worker {
 public:
  LateWorker(EventLoop& loop, Fate& fate, bool in_order) : loop_(loop), fate_(fate), in_order_(in_order) {}
  void run(Task work, Task done) override;

 private:
  void begin_next();

  EventLoop& loop_;
  Fate& fate_;
  bool in_order_;
  bool busy_ = false;
  std::deque<std::pair<Task, Task>> waiting_;
};

// QoS 1 with a persistent session: what is not acknowledged comes again, in order, with its packet id
// and DUP.
class Broker final : public MessageBus {
 public:
  Broker(Fate& fate, Plant plant) : fate_(fate), plant_(plant) {}

  void publish(std::string payload) { waiting_.push_back(std::move(payload)); }
  bool empty() const { return waiting_.empty() && in_flight_.empty(); }
  // A new process: its connection, on its loop.
  void plug(EventLoop& loop) { loop_ = &loop; }
  void unplug();
  // What was acknowledged since this moment; a power cut may cost it with sync = "1s".
  std::set<std::string> acknowledged_since(Elapsed moment) const;
  void new_boot() { acknowledged_.clear(); }  // its moments say nothing after it
  std::vector<std::string> reconnected_to;
  // What the agent published, acknowledged or not.
  const std::multiset<std::string>& outgoing() const { return outgoing_; }

  void start(BusListener& listener, std::vector<Subscription>, std::vector<std::string>) override;
  void take_again() override;
  void resubscribe(std::vector<Subscription>) override {}
  void reconnect(const model::MqttSettings& settings, const std::string& device) override {
    reconnected_to.push_back(settings.url + " " + device);
  }
  void publish(const std::string&, const std::string&, int, bool, std::optional<Millis>,
               std::function<void(Result<void>)> done) override;
  void stop() override { unplug(); }

 private:
  struct Flight {
    int packet_id = 0;
    std::string payload;
    bool sent_now = false;     // on this connection
    bool sent_before = false;  // on an earlier one: DUP
  };

  void connect_later(Millis pause);
  void connect();
  void work();
  bool send(Flight& flight);
  void fill_window();
  void lose(std::size_t acknowledged);

  Fate& fate_;
  Plant plant_;
  EventLoop* loop_ = nullptr;
  BusListener* listener_ = nullptr;
  bool connected_ = false;
  bool resting_ = false;
  bool has_session_ = false;
  int next_packet_id_ = 1;
  std::deque<std::string> waiting_;
  std::deque<Flight> in_flight_;
  std::multiset<std::string> outgoing_;
  std::multimap<Elapsed, std::string> acknowledged_;  // of this boot
};

// Starts and signals with Temporal's request-id rules: remembered within the latest run of an id.
class Temporal final : public WorkflowService {
 public:
  Temporal(Fate& fate, Plant plant, Store& store) : fate_(fate), plant_(plant), store_(store) {}

  DeliveryAnswer deliver(const model::OutboxRecord& record, DeliveryMemory& memory) override;
  DeliveryAnswer probe() override;
  Result<WorkflowDescription> describe(const std::string& workflow_id, const std::string& run_id) override;
  Result<WorkflowResult> result(const std::string& workflow_id, const std::string& run_id,
                                Millis wait) override;
  Result<Value> history(const std::string&, const std::string&, const std::string&, int) override;
  Result<Value> query(const std::string&, const std::string&, const List&) override;
  Result<Value> update(const std::string&, const std::string&, const std::string&, const List&,
                       Millis) override;
  Result<Value> list(const std::string&, const std::string&, int) override;
  Result<std::int64_t> count(const std::string&) override;

  // What happened: by workflow type, the first argument of each start; and the arguments of signals.
  std::multiset<std::string> started(const std::string& type) const;
  const std::vector<std::string>& signalled() const { return signals_; }

 private:
  struct Run {
    std::string type;
    std::string argument;
    std::set<std::string> requests;
  };

  DeliveryAnswer carry_out(const model::OutboxRecord& record, const std::string& request_id);

  Fate& fate_;
  Plant plant_;
  Store& store_;
  int calls_ = 0;
  std::map<std::string, Run> runs_;
  std::vector<std::string> signals_;
  std::vector<model::OutboxRecord> echoes_;  // requests that the network brings a second time
};

// The state on disk: a commit happens or does not, and the process may die before or after it.
class DurableStore final : public Store {
 public:
  DurableStore(Fate& fate, Plant plant) : fate_(fate), plant_(plant) {}

  Result<StoreLoad> load() override;
  Result<void> commit(const StoreBatch& batch) override;
  Result<std::vector<StoredRecord>> records(RecordState state, std::uint64_t after,
                                            std::size_t limit) override;
  Result<std::vector<StoredRecord>> least_urgent(std::size_t limit) override;
  Result<std::optional<StoredRecord>> record(std::uint64_t number) override { return kept_.record(number); }
  Result<std::vector<NumberedLedgerEntry>> ledger(const LedgerQuery& query) override {
    return kept_.ledger(query);
  }
  StoreSize size() override { return kept_.size(); }
  Result<void> backup(const std::string& file) override { return kept_.backup(file); }

 private:
  Fate& fate_;
  Plant plant_;
  testing_support::MemoryStore kept_;
};

}  // namespace sundial::sim
