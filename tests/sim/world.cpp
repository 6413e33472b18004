// Broker, Temporal and store of the simulation.
#include "tests/sim/world.hpp"

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

void Broker::start(BusListener& listener, std::vector<Subscription>, std::vector<std::string>) {
  listener_ = &listener;
  loop_->at(loop_->now().elapsed + kPace, [this] { connect(); });
}

void Broker::connect() {
  if (listener_ == nullptr) return;
  connected_ = true;
  for (Flight& flight : in_flight_) {
    flight.sent_before = flight.sent_before || flight.sent_now;
    flight.sent_now = false;
  }
  listener_->connected(has_session_);
  has_session_ = true;
  listener_->subscribed();
  loop_->at(loop_->now().elapsed + kPace, [this] { work(); });
}

void Broker::unplug() {
  listener_ = nullptr;
  connected_ = false;
  for (Flight& flight : in_flight_) {
    flight.sent_before = flight.sent_before || flight.sent_now;
    flight.sent_now = false;
  }
}

void Broker::fill_window() {
  while (in_flight_.size() < kWindow && !waiting_.empty()) {
    in_flight_.push_back({next_packet_id_, std::move(waiting_.front())});
    waiting_.pop_front();
    next_packet_id_ = next_packet_id_ % kLastPacketId + 1;
  }
}

// Sends some messages; then the connection may break, with acknowledgements on the way.
void Broker::work() {
  if (!connected_ || listener_ == nullptr) return;
  fill_window();
  std::set<int> acknowledged;
  for (std::size_t i = 0; i < in_flight_.size() && i < 3; ++i) {
    if (in_flight_[i].sent_now) continue;
    if (send(in_flight_[i])) acknowledged.insert(in_flight_[i].packet_id);
  }
  const bool breaks = fate_.trouble && fate_.chance(5);
  if (!breaks) {
    std::erase_if(in_flight_, [&](const Flight& flight) { return acknowledged.contains(flight.packet_id); });
    loop_->at(loop_->now().elapsed + kPace, [this] { work(); });
    return;
  }
  // Of the acknowledgements only the first few arrived.
  std::size_t arrive = fate_.below(acknowledged.size() + 1);
  while (arrive-- > 0) in_flight_.pop_front();
  connected_ = false;
  listener_->disconnected("the simulated link broke");
  loop_->at(loop_->now().elapsed + kPace * 5, [this] { connect(); });
}

// True: it was acknowledged.
bool Broker::send(Flight& flight) {
  const std::string payload = flight.payload;
  Arrival arrival;
  arrival.topic = "t/a";
  arrival.payload = payload;
  arrival.qos = 1;
  arrival.duplicate = flight.sent_before;
  arrival.packet_id = flight.packet_id;
  flight.sent_now = true;
  if (plant_ == Plant::acknowledge_before_commit) {
    in_flight_.erase(in_flight_.begin());
    listener_->arrived(arrival);
    return false;
  }
  listener_->arrived(arrival);
  fate_.point();
  return true;
}

void Broker::publish(const std::string&, const std::string&, int, bool, std::optional<Millis>,
                     std::function<void(Result<void>)> done) {
  loop_->post([done = std::move(done)] { done({}); });
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
  if (fate_.trouble && fate_.chance(10)) return answer_of(DeliveryOutcome::retry, "refused");
  std::string request_id = record.request_id;
  if (plant_ == Plant::fresh_request_id) request_id += std::to_string(++calls_);
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

Result<void> DurableStore::commit(const StoreBatch& batch) {
  fate_.point();
  StoreBatch changed = batch;
  if (plant_ == Plant::position_not_committed) changed.journal.reset();
  if (plant_ == Plant::records_not_committed && fate_.chance(10)) changed.records.clear();
  auto done = kept_.commit(changed);
  fate_.point();
  return done;
}

}  // namespace sundial::sim
