// Broker, Temporal and store of the simulation.
#include "tests/sim/world.hpp"

#include <utility>

#include "platform/json/json.hpp"

namespace sundial::sim {
namespace {

constexpr std::size_t kWindow = 10;  // messages on the way without an acknowledgement
constexpr int kLastPacketId = 200;   // few, so that they come round
constexpr Millis kPace{200};

std::string text_of(const Map& action, std::string_view key) {
  const Value* member = action.find(key);
  return member == nullptr || member->text() == nullptr ? std::string() : *member->text();
}

std::string first_argument(const Map& action) {
  const Value* arguments = action.find("args");
  const List* list = arguments == nullptr ? nullptr : arguments->get_if<List>();
  return list == nullptr || list->empty() ? std::string() : json::write(list->front());
}

DeliveryAnswer answer_of(DeliveryOutcome outcome, std::string reason) {
  DeliveryAnswer answer;
  answer.outcome = outcome;
  answer.reason = std::move(reason);
  return answer;
}

Error nothing_here() {
  return {ErrorKind::unsupported, "not simulated"};
}

}  // namespace

std::uint64_t Fate::draw() {  // splitmix64
  std::uint64_t z = (state_ += 0x9E3779B97F4A7C15U);
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31U);
}

void Fate::point() {
  if (points_left_ > 0 && --points_left_ == 0) throw Crash{};
}

std::optional<Error> Fate::disk_fault() {
  if (disk == DiskState::good || !chance(disk == DiskState::full ? 100 : 30)) return std::nullopt;
  if (disk == DiskState::full) return Error(ErrorKind::exhausted, "no space left on the simulated disk");
  return Error(ErrorKind::unavailable, "an error of the simulated disk");
}

void LateWorker::run(Task work, Task done) {
  if (!in_order_) {
    const Millis slow{fate_.trouble && fate_.chance(10) ? fate_.below(4'000) : 0};
    const auto both = [this, work = std::move(work), done = std::move(done), slow]() mutable {
      work();
      loop_.at(loop_.now().elapsed + slow, std::move(done));
    };
    loop_.post(both);
    return;
  }
  waiting_.emplace_back(std::move(work), std::move(done));
  if (!busy_) begin_next();
}

void LateWorker::begin_next() {
  busy_ = true;
  const Millis slow{fate_.trouble && fate_.chance(5) ? fate_.below(2'000) : 0};
  const auto next = [this] {
    auto [work, done] = std::move(waiting_.front());
    waiting_.pop_front();
    work();
    loop_.post(std::move(done));
    if (waiting_.empty()) {
      busy_ = false;
    } else {
      begin_next();
    }
  };
  if (slow == Millis{0}) return loop_.post(next);
  loop_.at(loop_.now().elapsed + slow, next);
}

void Broker::start(BusListener& listener, std::vector<Subscription>, std::vector<std::string>) {
  listener_ = &listener;
  connect_later(kPace);
}

void Broker::connect_later(Millis pause) {
  loop_->at(loop_->now().elapsed + pause, [this] { connect(); });
}

void Broker::take_again() {
  if (!std::exchange(resting_, false)) return;
  connect_later(kPace);
}

void Broker::connect() {
  if (listener_ == nullptr || connected_ || resting_) return;
  connected_ = true;
  listener_->connected(has_session_);
  has_session_ = true;
  listener_->subscribed();
  loop_->at(loop_->now().elapsed + kPace, [this] { work(); });
}

void Broker::unplug() {
  listener_ = nullptr;
  connected_ = resting_ = false;
  for (Flight& flight : in_flight_) {
    flight.sent_before = flight.sent_before || flight.sent_now;
    flight.sent_now = false;
  }
}

std::set<std::string> Broker::acknowledged_since(Elapsed moment) const {
  std::set<std::string> payloads;
  for (auto one = acknowledged_.lower_bound(moment); one != acknowledged_.end(); ++one) {
    payloads.insert(one->second);
  }
  return payloads;
}

void Broker::fill_window() {
  while (in_flight_.size() < kWindow && !waiting_.empty()) {
    in_flight_.push_back({next_packet_id_, std::move(waiting_.front())});
    waiting_.pop_front();
    next_packet_id_ = next_packet_id_ % kLastPacketId + 1;
  }
}

// The connection is gone, and of the acknowledgements on the way only the first few arrived.
void Broker::lose(std::size_t acknowledged) {
  while (acknowledged-- > 0) {
    acknowledged_.emplace(loop_->now().elapsed, in_flight_.front().payload);
    in_flight_.pop_front();
  }
  connected_ = false;
  for (Flight& flight : in_flight_) {
    flight.sent_before = flight.sent_before || flight.sent_now;
    flight.sent_now = false;
  }
  listener_->disconnected("the simulated link broke");
}

// Sends some messages; then the connection may break, with acknowledgements on the way.
void Broker::work() {
  if (!connected_ || listener_ == nullptr) return;
  fill_window();
  std::size_t acknowledged = 0;
  for (std::size_t i = 0; i < in_flight_.size() && i < 3; ++i) {
    if (send(in_flight_[i])) {
      ++acknowledged;
      continue;
    }
    if (plant_ == Plant::acknowledge_before_commit) break;
    if (plant_ == Plant::acknowledge_what_was_refused) ++acknowledged;
    resting_ = true;
    return lose(acknowledged);
  }
  if (fate_.trouble && fate_.chance(5)) {
    lose(fate_.below(acknowledged + 1));
    return connect_later(kPace * 5);
  }
  while (acknowledged-- > 0) {
    acknowledged_.emplace(loop_->now().elapsed, in_flight_.front().payload);
    in_flight_.pop_front();
  }
  loop_->at(loop_->now().elapsed + kPace, [this] { work(); });
}

// True: it may be acknowledged.
bool Broker::send(Flight& flight) {
  const std::string payload = flight.payload;
  Arrival arrival;
  arrival.topic = "t/a";
  arrival.payload = payload;
  arrival.qos = 1;
  arrival.duplicate = flight.sent_before;
  arrival.packet_id = flight.packet_id;
  const model::MessageProperties properties;
  arrival.properties = &properties;
  flight.sent_now = true;
  if (plant_ == Plant::acknowledge_before_commit) {
    in_flight_.erase(in_flight_.begin());
    (void)listener_->arrived(arrival);
    return false;
  }
  const bool taken = listener_->arrived(arrival);
  fate_.point();
  return taken;
}

void Broker::publish(const std::string&, const std::string& payload, int, bool, std::optional<Millis>,
                     std::function<void(Result<void>)> done) {
  Result<void> outcome;
  if (!connected_ && !resting_) {
    outcome = Error(ErrorKind::unavailable, "no connection to the broker");
  } else if (fate_.trouble && fate_.chance(10)) {
    outcome = Error(ErrorKind::timed_out, "lost on the way");
  } else {
    outgoing_.insert(payload);
    if (fate_.trouble && fate_.chance(10)) outcome = Error(ErrorKind::timed_out, "no acknowledgement came");
  }
  loop_->post([done = std::move(done), outcome = std::move(outcome)] { done(outcome); });
}

DeliveryAnswer Temporal::deliver(const model::OutboxRecord& record, DeliveryMemory& memory) {
  fate_.point();
  if (plant_ == Plant::delete_before_answer) {
    StoreBatch batch;
    batch.updates.push_back({.number = record.number,
                             .kind = RecordUpdate::Kind::remove,
                             .memory = {},
                             .reason = {},
                             .action = {}});
    (void)store_.commit(batch);
  }
  if (fate_.partition) {
    DeliveryAnswer answer = answer_of(DeliveryOutcome::retry, "nobody answers");
    answer.unreachable = true;
    return answer;
  }
  if (!echoes_.empty() && fate_.chance(20)) {
    (void)carry_out(echoes_.back(), echoes_.back().request_id);
    echoes_.pop_back();
  }
  if (fate_.trouble && fate_.chance(10)) return answer_of(DeliveryOutcome::retry, "refused");
  if (fate_.trouble && fate_.chance(1)) return answer_of(DeliveryOutcome::hold, "not allowed just now");
  std::string request_id = record.request_id;
  if (plant_ == Plant::fresh_request_id) request_id += std::to_string(++calls_);
  if (fate_.trouble && fate_.chance(5)) echoes_.push_back(record);
  const DeliveryAnswer answer = carry_out(record, request_id);
  fate_.point();
  if (fate_.trouble && fate_.chance(10)) {
    memory.outcome_unknown = true;
    return answer_of(DeliveryOutcome::retry, "no answer came");
  }
  return answer;
}

DeliveryAnswer Temporal::carry_out(const model::OutboxRecord& record, const std::string& request_id) {
  const std::string id = text_of(record.action, "id");
  const auto found = runs_.find(id);
  if (record.kind == model::ActionKind::signal) {
    Run& run = runs_[id];  // whom signals go to, is there
    if (!run.requests.insert(request_id).second) return answer_of(DeliveryOutcome::already_done, "");
    signals_.push_back(first_argument(record.action));
    return answer_of(DeliveryOutcome::done, "");
  }
  if (found != runs_.end()) {
    const bool own = found->second.requests.contains(request_id);
    return answer_of(own ? DeliveryOutcome::already_done : DeliveryOutcome::already_running, "");
  }
  runs_[id] = {text_of(record.action, "workflow"), first_argument(record.action), {request_id}};
  return answer_of(DeliveryOutcome::done, "");
}

DeliveryAnswer Temporal::probe() {
  if (fate_.partition) return answer_of(DeliveryOutcome::retry, "nobody answers");
  return answer_of(DeliveryOutcome::done, "");
}

Result<WorkflowDescription> Temporal::describe(const std::string& workflow_id, const std::string&) {
  if (!runs_.contains(workflow_id)) return Error(ErrorKind::not_found, "no such workflow");
  WorkflowDescription description;
  description.workflow_id = workflow_id;
  description.status = "running";
  return description;
}

Result<WorkflowResult> Temporal::result(const std::string& workflow_id, const std::string&, Millis) {
  if (!runs_.contains(workflow_id)) return Error(ErrorKind::not_found, "no such workflow");
  return WorkflowResult{"running", {}, {}};
}

Result<Value> Temporal::history(const std::string&, const std::string&, const std::string&, int) {
  return nothing_here();
}
Result<Value> Temporal::query(const std::string&, const std::string&, const List&) {
  return nothing_here();
}
Result<Value> Temporal::update(const std::string&, const std::string&, const std::string&, const List&,
                               Millis) {
  return nothing_here();
}
Result<Value> Temporal::list(const std::string&, const std::string&, int) {
  return nothing_here();
}
Result<std::int64_t> Temporal::count(const std::string&) {
  return nothing_here();
}

std::multiset<std::string> Temporal::started(const std::string& type) const {
  std::multiset<std::string> arguments;
  for (const auto& [id, run] : runs_) {
    if (run.type == type) arguments.insert(run.argument);
  }
  return arguments;
}

Result<StoreLoad> DurableStore::load() {
  if (auto fault = fate_.disk_fault()) return *fault;
  return kept_.load();
}

Result<std::vector<StoredRecord>> DurableStore::records(RecordState state, std::uint64_t after,
                                                        std::size_t limit) {
  if (auto fault = fate_.disk_fault(); fault && fault->kind() != ErrorKind::exhausted) return *fault;
  return kept_.records(state, after, limit);
}

Result<std::vector<StoredRecord>> DurableStore::least_urgent(std::size_t limit) {
  if (auto fault = fate_.disk_fault(); fault && fault->kind() != ErrorKind::exhausted) return *fault;
  return kept_.least_urgent(limit);
}

// One that failed may have happened all the same.
Result<void> DurableStore::commit(const StoreBatch& batch) {
  fate_.point();
  const auto fault = fate_.disk_fault();
  if (fault && (fault->kind() == ErrorKind::exhausted || fate_.chance(70))) return *fault;
  StoreBatch changed = batch;
  if (plant_ == Plant::position_not_committed) changed.journal.reset();
  if (plant_ == Plant::records_not_committed && fate_.chance(10)) changed.records.clear();
  if (plant_ == Plant::removals_not_committed && fate_.chance(30)) changed.updates.clear();
  if (plant_ == Plant::state_not_committed && fate_.chance(30)) changed.state.clear();
  auto done = kept_.commit(changed);
  fate_.point();
  if (fault) return *fault;
  return done;
}

}  // namespace sundial::sim
