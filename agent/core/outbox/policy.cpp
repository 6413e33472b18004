// What is held, and in which order it is ready.
#include "agent/core/outbox/policy.hpp"

#include <algorithm>

#include "agent/core/outbox/weight.hpp"

namespace sundial::outbox {
namespace {

constexpr std::size_t kPage = 500;
constexpr Millis kExpiryRest = std::chrono::seconds(1);  // between two looks at everything that is held

Target target_of(const model::OutboxRecord& record) {
  return record.kind == model::ActionKind::publish ? Target::broker : Target::temporal;
}

bool by_order(const Entry& left, const Entry& right) {
  return left.order < right.order;
}

// One of a lane is on its way at a time, but for what may pass others: so only these may have been sent
// by an earlier life of the process.
bool may_pass(const model::OutboxRecord& record) {
  return record.origin.kind == model::OriginKind::http ||
         record.origin.kind == model::OriginKind::command_line ||
         record.action.find("activity_id") != nullptr;
}

}  // namespace

Policy::Policy(const Limits& limits)
    : limits_(limits),
      temporal_(limits.max_connections, limits.seed),
      broker_(limits.max_publishes, limits.seed + 1),
      backoff_(limits.seed + 2) {}

void Policy::set_limits(const Limits& limits, Elapsed now) {
  limits_ = limits;
  temporal_.set_most(limits.max_connections);
  broker_.set_most(limits.max_publishes);
  next_expiry_ = now;
  for (auto& [name, lane] : lanes_) lane.bucket.set_rate(limits.signals_per_second);
  place_all(now);
}

void Policy::try_now(Target target, Elapsed now) {
  (target == Target::temporal ? temporal_ : broker_).try_now();
  for (auto& [name, lane] : lanes_) {
    for (Entry& entry : lane.entries) {
      if (target_of(entry.record) == target) entry.not_before = std::min(entry.not_before, now);
    }
  }
  place_all(now);
}

void Policy::place_all(Elapsed now) {
  std::vector<std::string> names;
  for (const auto& [name, lane] : lanes_) names.push_back(name);
  for (const std::string& name : names) place(name, now);
}

void Policy::begin(std::uint64_t newest_number) {
  newest_ = newest_number;
  unread_ = newest_number > 0;
}

bool Policy::full() const {
  return held_ >= limits_.window_records || held_bytes_ >= limits_.window_bytes;
}

std::set<Policy::ReadyKey>& Policy::ready(Target target) {
  return target == Target::temporal ? ready_temporal_ : ready_broker_;
}

Lane& Policy::lane_of(const std::string& name) {
  return lanes_.try_emplace(name, limits_.signals_per_second).first->second;
}

void Policy::weigh(const Entry& entry, bool in) {
  if (in) {
    ++held_;
    held_bytes_ += entry.weight;
    ++held_priorities_[entry.record.priority];
    decided_.emplace(entry.record.number, entry.record.decided.wall);
    return;
  }
  --held_;
  held_bytes_ -= entry.weight;
  decided_.erase(entry.record.number);
  const auto priority = held_priorities_.find(entry.record.priority);
  if (--priority->second == 0) held_priorities_.erase(priority);
}

// In its place by number; what is tried again goes back where it was.
void Policy::put(Entry entry, Elapsed now) {
  const std::string name = entry.record.lane;
  Lane& lane = lane_of(name);
  lane.newest = std::max(lane.newest, entry.record.number);
  lane.entries.insert(std::upper_bound(lane.entries.begin(), lane.entries.end(), entry, by_order),
                      std::move(entry));
  place(name, now);
}

void Policy::take_in(Waiting waiting, Elapsed now, std::optional<std::uint64_t> order) {
  Entry entry;
  entry.order = order.value_or(waiting.record.number);
  entry.weight = weight_of(waiting.record);
  next_expiry_ = std::min(next_expiry_, expiry_of(waiting.record, now));
  entry.record = std::move(waiting.record);
  entry.memory = std::move(waiting.memory);
  weigh(entry, true);
  put(std::move(entry), now);
}

void Policy::added(model::OutboxRecord record, Elapsed now) {
  if (record.number <= cursor_) return;  // a read of the backlog has met it
  if (first_added_ == 0) first_added_ = record.number;
  const bool caught_up = !unread_ && cursor_ >= newest_;
  newest_ = std::max(newest_, record.number);
  const auto lane = lanes_.find(record.lane);
  if (lane != lanes_.end() && lane->second.more) {
    lane->second.on_disk = record.number;
    if (caught_up) cursor_ = record.number;
    return;
  }
  if (caught_up && !full()) {
    cursor_ = record.number;
    take_in({std::move(record), {}}, now);
    return;
  }
  // It waits in the store for its turn, unless something less urgent is ahead of it.
  if (!held_priorities_.empty() && record.priority < held_priorities_.rbegin()->first)
    urgent_.insert(record.lane);
}

void Policy::revived(model::OutboxRecord record, model::DeliveryMemory memory, Elapsed now) {
  take_in({std::move(record), std::move(memory)}, now, std::max(newest_, cursor_));
}

bool Policy::dropped(std::uint64_t number, Elapsed now) {
  if (being_kept_.contains(number) || in_flight_.contains(number)) return false;
  ended_.insert(number);
  if (!decided_.contains(number)) return true;  // not held
  for (auto& [name, lane] : lanes_) {
    const auto found = std::find_if(lane.entries.begin(), lane.entries.end(),
                                    [number](const Entry& entry) { return entry.record.number == number; });
    if (found == lane.entries.end()) continue;
    weigh(*found, false);
    lane.entries.erase(found);
    place(std::string(name), now);
    break;
  }
  return true;
}

void Policy::removed(const std::vector<std::uint64_t>& numbers) {
  for (const std::uint64_t number : numbers) ended_.erase(number);
}

std::optional<Policy::Read> Policy::wants() const {
  if (!urgent_.empty()) {
    const auto lane = lanes_.find(*urgent_.begin());
    const std::uint64_t held = lane == lanes_.end() ? 0 : lane->second.newest;
    return Read{*urgent_.begin(), std::max(held, cursor_), kPage, newest_};
  }
  if (!hungry_.empty()) return Read{*hungry_.begin(), lanes_.at(*hungry_.begin()).newest, kPage, newest_};
  const bool room = held_ < limits_.window_records / 2 && held_bytes_ < limits_.window_bytes / 2;
  // While nothing passes there is no use in holding more than the next few.
  if ((unread_ || cursor_ < newest_) && room && !(temporal_.closed() && held_ >= kPage))
    return Read{{}, cursor_, kPage, newest_};
  return std::nullopt;
}

void Policy::read(const Read& what, std::vector<Waiting> records, Elapsed now) {
  if (what.lane) {
    read_lane(what, std::move(records), now);
  } else {
    read_page(what, std::move(records), now);
  }
}

void Policy::read_page(const Read& what, std::vector<Waiting> records, Elapsed now) {
  const bool last = records.size() < what.limit;
  for (Waiting& waiting : records) {
    const std::uint64_t number = waiting.record.number;
    if (number <= cursor_) continue;
    if (ended_.contains(number)) {
      cursor_ = number;
      continue;
    }
    if (full()) return;
    cursor_ = number;
    newest_ = std::max(newest_, number);
    if (ahead_.erase(number) > 0) continue;
    Lane& lane = lane_of(waiting.record.lane);
    if (lane.more || lane.entries.size() >= limits_.lane_records) {
      lane.more = true;
      lane.on_disk = std::max(lane.on_disk, number);
      continue;
    }
    const bool earlier_life = first_added_ == 0 || number < first_added_;
    waiting.memory.maybe_sent = earlier_life && (lane.entries.empty() || may_pass(waiting.record));
    take_in(std::move(waiting), now);
  }
  if (!last) return;
  unread_ = false;
  cursor_ = std::max(cursor_, what.newest);
  ahead_.erase(ahead_.begin(), ahead_.upper_bound(cursor_));
}

void Policy::read_lane(const Read& what, std::vector<Waiting> records, Elapsed now) {
  urgent_.erase(*what.lane);
  Lane& lane = lane_of(*what.lane);
  lane.more = records.size() >= what.limit || lane.on_disk > what.newest;
  for (Waiting& waiting : records) {
    const std::uint64_t number = waiting.record.number;
    if (number <= lane.newest || ahead_.contains(number) || ended_.contains(number)) continue;
    if (number > cursor_) ahead_.insert(number);
    take_in(std::move(waiting), now);
  }
  place(*what.lane, now);
}

void Policy::unplace(const std::string& name) {
  hungry_.erase(name);
  const auto place = places_.find(name);
  if (place == places_.end()) return;
  if (place->second.ready) ready(place->second.target).erase(*place->second.ready);
  if (place->second.timer) {
    const auto [begin, end] = timers_.equal_range(*place->second.timer);
    const auto timer = std::find_if(begin, end, [&](const auto& entry) { return entry.second == name; });
    if (timer != end) timers_.erase(timer);
  }
  places_.erase(place);
}

// Where the lane stands now: ready, waiting for a time, or gone.
void Policy::place(const std::string& name, Elapsed now) {
  unplace(name);
  const auto found = lanes_.find(name);
  if (found == lanes_.end()) return;
  const Lane& lane = found->second;
  if (lane.more && lane.entries.size() < limits_.lane_records / 2 && !full()) hungry_.insert(name);
  if (lane.busy) return;
  Place place;
  const Lane::Pick pick = lane.pick(now);
  if (pick.index) {
    const model::OutboxRecord& record = lane.entries[*pick.index].record;
    place.target = target_of(record);
    place.ready = ReadyKey{record.priority, record.number, name};
    ready(place.target).insert(*place.ready);
  } else if (pick.later) {
    place.timer = *pick.later;
  } else if (lane.entries.empty() && !lane.more) {
    if (lane.bucket.full(now)) {
      lanes_.erase(found);
      return;
    }
    place.timer = lane.bucket.full_at(now);
  }
  if (place.timer) timers_.emplace(*place.timer, name);
  places_.emplace(name, std::move(place));
}

// The elapsed clock begins anew with each boot: what was decided before this one has waited at least
// since then.
Elapsed Policy::expiry_of(const model::OutboxRecord& record, Elapsed now) const {
  const Elapsed since = record.decided.elapsed <= now ? record.decided.elapsed : Elapsed{};
  return since + record.expires.value_or(limits_.max_age);
}

std::vector<Finished> Policy::expire(Elapsed now) {
  std::vector<Finished> expired;
  if (now < next_expiry_) return expired;
  next_expiry_ = Elapsed::max();
  std::vector<std::string> touched;
  for (auto& [name, lane] : lanes_) {
    const auto gone =
        std::stable_partition(lane.entries.begin(), lane.entries.end(), [&](const Entry& entry) {
          const Elapsed expiry = expiry_of(entry.record, now);
          if (expiry > now) next_expiry_ = std::min(next_expiry_, expiry);
          return expiry > now;
        });
    if (gone == lane.entries.end()) continue;
    for (auto entry = gone; entry != lane.entries.end(); ++entry) {
      weigh(*entry, false);
      ended_.insert(entry->record.number);
      expired.push_back({std::move(entry->record), End::expired, {}, std::move(entry->memory)});
    }
    lane.entries.erase(gone, lane.entries.end());
    touched.push_back(name);
  }
  for (const std::string& name : touched) place(name, now);
  if (next_expiry_ != Elapsed::max()) next_expiry_ = std::max(next_expiry_, now + kExpiryRest);
  return expired;
}

std::optional<Instant> Policy::oldest() const {
  return decided_.empty() ? std::nullopt : std::optional(decided_.begin()->second);
}

std::optional<Elapsed> Policy::wake() const {
  std::optional<Elapsed> wake;
  const auto consider = [&wake](std::optional<Elapsed> time) {
    if (time) wake = wake ? std::min(*wake, *time) : time;
  };
  if (!timers_.empty()) consider(timers_.begin()->first);
  if (!ready_temporal_.empty()) consider(temporal_.opens());
  if (!ready_broker_.empty()) consider(broker_.opens());
  if (held_ > 0 && next_expiry_ != Elapsed::max()) consider(next_expiry_);
  return wake;
}

}  // namespace sundial::outbox
