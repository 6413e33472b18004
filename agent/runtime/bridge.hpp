// The bridge: carries committed records to Temporal and the broker, and what came of it back to the
// store. The policy decides; workers call; the loop owns all of it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "agent/core/outbox/policy.hpp"
#include "agent/ports/message_bus.hpp"
#include "agent/ports/payload_codec.hpp"
#include "agent/ports/store.hpp"
#include "agent/ports/workflow_service.hpp"
#include "platform/base/log.hpp"
#include "platform/event_loop.hpp"
#include "platform/worker.hpp"

namespace sundial::runtime {

// What the bridge tells of one record, once.
struct Delivered {
  model::OutboxRecord record;
  outbox::End end = outbox::End::done;
  DeliveryAnswer answer;
  Moment at{};
};

// One request and its answer, for the metrics.
struct Request {
  model::ActionKind kind = model::ActionKind::start;
  DeliveryOutcome outcome = DeliveryOutcome::retry;
  Millis took{0};
  outbox::Target target = outbox::Target::temporal;
  bool prepared = false;  // it only learned what the delivery needs to know
  bool passed = false;    // the other side answered
};

struct LinkState {
  bool reached = true;  // the last call got through, or none was made yet
  bool held = false;    // it answers, but nothing may pass: see `problem`
  std::string problem;
};

// On the loop's thread, all of it. Everything in Parts outlives the bridge, and no function of Parts
// is called after its end; a call that a worker still runs then is waited for by the worker's owner.
class Bridge {
 public:
  struct Parts {
    EventLoop& loop;
    Worker& callers;  // as many threads as `max_connections`
    WorkflowService& temporal;
    MessageBus* bus = nullptr;             // no broker: publishes become dead letters
    const RecordSealer* sealer = nullptr;  // no encryption
    Log& log;

    // Reads waiting records from the store, as Store::records and Store::lane_records do; `done` on the loop.
    using ReadDone = std::function<void(Result<std::vector<StoredRecord>>)>;
    std::function<void(std::optional<std::string> lane, std::uint64_t after, std::size_t limit,
                       ReadDone done)>
        read;
    // Puts the updates into the next transaction; `done` on the loop when that is durable. In the order
    // of the calls.
    std::function<void(std::vector<RecordUpdate> updates, std::function<void()> done)> commit;

    // A caller waits for this record's answer: refused, it leaves no dead letter.
    std::function<bool(std::uint64_t number)> awaited;
    std::function<void(Delivered delivered)> delivered;  // ledger, counters, watches, callers
    std::function<void(const Request& request)> requested;
    std::function<void()> link_changed;
    // The moment as records are decided by it; left out: the loop's.
    std::function<Moment()> now{};
  };

  Bridge(Parts parts, const outbox::Limits& limits);
  ~Bridge();
  Bridge(const Bridge&) = delete;
  Bridge& operator=(const Bridge&) = delete;

  // Once: records up to this number are in the store, and are read page by page.
  void begin(std::uint64_t newest_number);

  // Records that were committed just now, in the order of their numbers; sealed, where there is a sealer.
  void added(std::vector<model::OutboxRecord> records);
  // A dead letter that is waiting again, committed.
  void revived(StoredRecord record);
  // Removes records from outside, but for those that are on their way. `each` is told of the others
  // before their transaction is begun, and `done` when it is durable; false: there were none.
  bool drop(const std::vector<std::uint64_t>& numbers, const std::function<void(std::uint64_t)>& each,
            std::function<void()> done);

  void set_limits(const outbox::Limits& limits);
  // Temporal, or the broker, has other settings.
  void try_now(outbox::Target target);

  LinkState temporal() const { return state(outbox::Target::temporal); }
  LinkState broker() const { return state(outbox::Target::broker); }
  // When the oldest of those that wait was decided.
  std::optional<Instant> oldest() const { return policy_.oldest(); }

 private:
  struct Alive {};
  struct Call;

  LinkState state(outbox::Target target) const;
  Moment now() const { return parts_.now ? parts_.now() : parts_.loop.now(); }
  // Runs `work` later on the loop, if the bridge is still there.
  template <typename Work>
  auto guarded(Work work);
  void work();
  void arm();
  void read_more();
  void took_in(const outbox::Policy::Read& what, Result<std::vector<StoredRecord>> records);
  void take(outbox::Step step);
  void call_temporal(outbox::Job job);
  void publish(outbox::Job job);
  void answered(outbox::Job job, const DeliveryAnswer& answer, Elapsed sent);
  void finish(outbox::Finished finished, std::vector<RecordUpdate>& updates);
  void expire();
  void commit(std::vector<RecordUpdate> updates, std::optional<std::uint64_t> kept,
              std::function<void()> done = {});
  void seal(std::vector<RecordUpdate>& updates);
  void open(model::OutboxRecord& record) const;
  void tell_link();
  void count_signal(const outbox::Finished& finished);
  void ask_for_run(const std::string& workflow_id);

  Parts parts_;
  outbox::Policy policy_;
  std::shared_ptr<Alive> alive_ = std::make_shared<Alive>();  // callbacks that come late find it gone
  std::optional<EventLoop::TimerId> timer_;
  struct Signals {
    std::string run_id;  // not known yet: ""
    int count = 0;
  };
  std::unordered_map<std::string, Signals> signals_;  // by workflow id, of its present run
  LinkState told_;                                    // of the link to Temporal
  bool reading_ = false;
  bool working_ = false;
};

}  // namespace sundial::runtime
