// Where inputs come in: in one order, durable before they are acknowledged, then handed to the loop.
#include "agent/runtime/intake.hpp"

#include <algorithm>
#include <utility>

#include "agent/runtime/journal_entry.hpp"

namespace sundial::runtime {
namespace {

constexpr std::size_t kMaxQueued = 4'096;
constexpr std::size_t kMaxQueuedBytes = 8 * 1024 * 1024;
// What a message may come to in the journal and the outbox together, beside its own bytes twice.
constexpr std::uint64_t kRoomBeside = 512;

model::Message message_of(const Arrival& arrival) {
  model::Message message;
  message.topic = arrival.topic;
  message.payload = arrival.payload;
  message.qos = arrival.qos;
  message.retained = arrival.retained;
  message.duplicate = arrival.duplicate;
  message.subscription_ids = arrival.subscription_ids;
  if (arrival.properties != nullptr) message.properties = *arrival.properties;
  return message;
}

template <typename T>
T* input_of(Entry& entry) {
  auto* input = std::get_if<model::Input>(&entry);
  return input == nullptr ? nullptr : std::get_if<T>(input);
}

std::size_t weight_of(Entry& entry) {
  const auto* message = input_of<model::Message>(entry);
  return message == nullptr ? 0 : message->payload.size() + message->topic.size();
}

}  // namespace

Intake::Intake(Parts parts) : parts_(std::move(parts)), ids_(parts_.seed) {}

void Intake::open(Journal& journal, const Timeline& timeline, std::int64_t max_payload, bool away) {
  const Lock lock(order_);
  const Lock queue(queue_mutex_);
  journal_ = open_ = &journal;
  max_payload_ = max_payload;
  away_ = away;
  timeline_ = timeline;
  queue_.clear();
  queued_bytes_ = 0;
  closed_ = told_ = held_ = false;
}

void Intake::close() {
  {
    const Lock lock(queue_mutex_);
    closed_ = true;
  }
  drained_.notify_all();
  const Lock lock(order_);
  if (open_ != nullptr) (void)open_->flush();  // what can't be written was promised to nobody
  journal_ = open_ = nullptr;
}

bool Intake::arrived(const Arrival& arrival) {
  std::shared_ptr<const Keeps> keeps;
  {
    Lock lock(queue_mutex_);
    ++counts_.received;
    keeps = keeps_;
  }
  if (!keeps) return leave(arrival.qos);  // nobody knows yet who wants it
  if (!(*keeps)(arrival, parts_.clock.now().wall)) return true;
  {
    Lock lock(queue_mutex_);
    drained_.wait(
        lock, [this] { return closed_ || (queue_.size() < kMaxQueued && queued_bytes_ < kMaxQueuedBytes); });
  }
  const Lock lock(order_);
  if (journal_ == nullptr) return leave(arrival.qos);
  if (static_cast<std::int64_t>(arrival.payload.size()) > max_payload_) {
    const Lock counting(queue_mutex_);
    ++counts_.oversized;
    return true;
  }
  const std::uint64_t digest = arrival.qos > 0 ? message_digest(arrival.topic, arrival.payload) : 0;
  if (arrival.duplicate && parts_.redelivery.was_taken(arrival.packet_id, digest)) {
    const Lock counting(queue_mutex_);
    ++counts_.redelivered;
    return true;
  }
  if (!has_room(arrival.payload.size() + arrival.topic.size())) return leave(arrival.qos);
  Entry back = model::Input(model::Absence{false});
  if (away_ && !append(back, 0, 0, Write::at_once)) return leave(arrival.qos);
  Entry entry = model::Input(message_of(arrival));
  const Write how = arrival.qos == 0 ? Write::lazily : Write::at_once;  // nobody acknowledges QoS 0
  return append(entry, arrival.packet_id, digest, how) ? true : leave(arrival.qos);
}

// QoS 1 stays with the broker, which repeats it; QoS 0 can't be kept.
bool Intake::leave(int qos) {
  const Lock counting(queue_mutex_);
  if (qos == 0) {
    ++counts_.dropped;
    parts_.log.warning("mqtt.dropped", "messages of QoS 0 were dropped: they could not be kept");
    return true;
  }
  left_ = true;
  return false;
}

bool Intake::has_room(std::uint64_t bytes) {
  if (room_ == 0) return false;
  room_ -= std::min(room_, 2 * bytes + kRoomBeside);
  return true;
}

Result<void> Intake::append(Entry& entry, int packet_id, std::uint64_t digest, Write how,
                            std::optional<Note> note) {
  JournalRecord record;
  {
    const Lock lock(queue_mutex_);
    writing_ = true;
    record.at = timeline_->told(parts_.clock.now());
  }
  if (auto* message = input_of<model::Message>(entry); message != nullptr && message->id.empty()) {
    message->id = ids_.next(record.at.wall);
  }
  record.packet_id = packet_id;
  record.digest = digest;
  record.note = std::move(note);
  record.what = std::move(entry);
  const std::string bytes = write_record(record);
  const auto end = how == Write::lazily ? journal_->append_lazily(bytes) : journal_->append(bytes);
  entry = std::move(record.what);
  if (end && packet_id > 0) parts_.redelivery.taken(packet_id, digest);
  if (end) {
    if (const auto* absence = input_of<model::Absence>(entry)) away_ = absence->away;
  }
  bool tell = false;
  {
    const Lock lock(queue_mutex_);
    writing_ = false;
    if (end) {
      held_ = held_ || how == Write::lazily;
      queued_bytes_ += weight_of(entry);
      queue_.push_back({record.at, std::move(entry), *end});
    }
    tell = !told_;
    told_ = true;
  }
  if (tell) parts_.something_came();
  if (end) return {};
  heed(end.error());
  return end.error();
}

// A journal that is full is emptied by the next commit; what else it fails by, nobody knows.
void Intake::heed(const Error& problem) {
  if (problem.kind() == ErrorKind::exhausted) return;
  journal_ = nullptr;
  parts_.failed(problem);
}

Result<std::string> Intake::accept(Entry entry, std::optional<Note> note) {
  const Lock lock(order_);
  if (journal_ == nullptr) return Error(ErrorKind::unavailable, "the store can't be written just now");
  auto* message = input_of<model::Message>(entry);
  std::string id;
  if (message != nullptr) {
    if (!has_room(message->payload.size() + message->topic.size())) {
      return Error(ErrorKind::exhausted, "the store is full");
    }
    if (message->id.empty()) message->id = ids_.next(parts_.clock.now().wall);
    id = message->id;
  }
  if (auto done = append(entry, 0, 0, Write::at_once, std::move(note)); !done) return done.error();
  return id;
}

void Intake::session_lost() {
  const Lock lock(order_);
  parts_.redelivery.forget();
}

std::vector<Accepted> Intake::take() {
  std::vector<Accepted> taken;
  bool held = false;
  {
    const Lock lock(queue_mutex_);
    taken.swap(queue_);
    queued_bytes_ = 0;
    told_ = false;
    held = std::exchange(held_, false);
  }
  drained_.notify_all();
  // Where this fails, nothing that comes of it is committed: the sync before a commit fails too.
  if (held && open_ != nullptr) (void)open_->flush();
  return taken;
}

std::optional<Moment> Intake::moment_without_input() {
  const Lock lock(queue_mutex_);
  if (writing_ || closed_ || !queue_.empty()) return std::nullopt;
  return timeline_->told(parts_.clock.now());
}

void Intake::set_max_payload(std::int64_t bytes) {
  const Lock lock(order_);
  max_payload_ = bytes;
}

void Intake::set_keeps(std::shared_ptr<const Keeps> keeps) {
  const Lock lock(queue_mutex_);
  keeps_ = std::move(keeps);
}

void Intake::set_room(std::uint64_t bytes) {
  const Lock lock(order_);
  room_ = bytes;
}

bool Intake::left_something() {
  const Lock counting(queue_mutex_);
  return std::exchange(left_, false);
}

IntakeCounts Intake::counts() const {
  const Lock lock(queue_mutex_);
  return counts_;
}

}  // namespace sundial::runtime
