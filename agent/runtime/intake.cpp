// Where inputs come in: in one order, durable before they are acknowledged, then handed to the loop.
#include "agent/runtime/intake.hpp"

#include <chrono>

#include "agent/runtime/journal_entry.hpp"

namespace sundial::runtime {
namespace {

constexpr std::size_t kMaxQueued = 4'096;
constexpr std::size_t kMaxQueuedBytes = 8 * 1024 * 1024;
constexpr std::chrono::milliseconds kRetryPause{200};

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

void Intake::arrived(const Arrival& arrival) {
  std::shared_ptr<const Keeps> keeps;
  {
    Lock lock(queue_mutex_);
    ++counts_.received;
    keeps = keeps_;
    if (static_cast<std::int64_t>(arrival.payload.size()) > parts_.max_payload) {
      ++counts_.oversized;
      return;
    }
  }
  if (!keeps || !(*keeps)(arrival, parts_.clock.now().wall)) return;
  {
    Lock lock(queue_mutex_);
    drained_.wait(lock, [this] { return queue_.size() < kMaxQueued && queued_bytes_ < kMaxQueuedBytes; });
  }
  Lock lock(order_);
  const std::uint64_t digest = arrival.qos > 0 ? message_digest(arrival.topic, arrival.payload) : 0;
  if (arrival.duplicate && parts_.redelivery.was_taken(arrival.packet_id, digest)) {
    const Lock counting(queue_mutex_);
    ++counts_.redelivered;
    return;
  }
  if (!wait_until_open(arrival.qos, lock)) return;
  if (away_) append_surely(model::Input(model::Absence{false}), 0, 0, lock);
  append_surely(model::Input(message_of(arrival)), arrival.packet_id, digest, lock);
}

// While the store is full: QoS 1 stays with the broker, which repeats it; QoS 0 can't be kept.
bool Intake::wait_until_open(int qos, Lock& lock) {
  if (full_ && qos == 0) {
    const Lock counting(queue_mutex_);
    ++counts_.dropped;
    return false;
  }
  room_.wait(lock, [this] { return !full_; });
  return true;
}

// Returns only when the entry is safe: whoever waits for it acknowledges it next.
void Intake::append_surely(Entry entry, int packet_id, std::uint64_t digest, Lock& lock) {
  for (;;) {
    auto done = append(entry, packet_id, digest);
    if (done) return;
    if (done.error().kind() != ErrorKind::exhausted) {
      parts_.log.error("journal.failed", done.error().message());
    }
    room_.wait_for(lock, kRetryPause);
  }
}

Result<void> Intake::append(Entry& entry, int packet_id, std::uint64_t digest) {
  JournalRecord record;
  {
    const Lock lock(queue_mutex_);
    writing_ = true;
    record.at = parts_.timeline.told(parts_.clock.now());
  }
  if (auto* message = input_of<model::Message>(entry); message != nullptr && message->id.empty()) {
    message->id = ids_.next(record.at.wall);
  }
  record.packet_id = packet_id;
  record.digest = digest;
  record.what = std::move(entry);
  const auto end = parts_.journal.append(write_record(record));
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
      queued_bytes_ += weight_of(entry);
      queue_.push_back({record.at, std::move(entry), *end});
    }
    tell = !told_;
    told_ = true;
  }
  if (tell) parts_.something_came();
  if (!end) return end.error();
  return {};
}

Result<std::string> Intake::accept(Entry entry) {
  const Lock lock(order_);
  auto* message = input_of<model::Message>(entry);
  if (full_ && message != nullptr) return Error(ErrorKind::exhausted, "the store is full");
  std::string id;
  if (message != nullptr) {
    if (message->id.empty()) message->id = ids_.next(parts_.clock.now().wall);
    id = message->id;
  }
  if (auto done = append(entry, 0, 0); !done) return done.error();
  return id;
}

void Intake::session_lost() {
  const Lock lock(order_);
  parts_.redelivery.forget();
}

bool Intake::away() {
  const Lock lock(order_);
  return away_;
}

std::vector<Accepted> Intake::take() {
  std::vector<Accepted> taken;
  {
    const Lock lock(queue_mutex_);
    taken.swap(queue_);
    queued_bytes_ = 0;
    told_ = false;
  }
  drained_.notify_all();
  return taken;
}

std::optional<Moment> Intake::moment_without_input() {
  const Lock lock(queue_mutex_);
  if (writing_ || !queue_.empty()) return std::nullopt;
  return parts_.timeline.told(parts_.clock.now());
}

void Intake::set_keeps(std::shared_ptr<const Keeps> keeps) {
  const Lock lock(queue_mutex_);
  keeps_ = std::move(keeps);
}

void Intake::set_full(bool full) {
  {
    const Lock lock(order_);
    full_ = full;
  }
  room_.notify_all();
}

void Intake::room() {
  room_.notify_all();
}

IntakeCounts Intake::counts() const {
  const Lock lock(queue_mutex_);
  return counts_;
}

}  // namespace sundial::runtime
