// Topics by hearing, and their rows.
#include "agent/core/rules/retained_memory.hpp"

#include <algorithm>
#include <utility>

#include "agent/core/rules/state_codec.hpp"
#include "platform/base/text.hpp"

namespace sundial::rules {

RetainedMemory::Place RetainedMemory::find(const Fingerprint& topic) const {
  return table_.find(static_cast<std::size_t>(topic.low),
                     [&](Place place) { return at(place).topic == topic; });
}

bool RetainedMemory::is_known(std::string_view topic, std::string_view payload) const {
  const Place place = find(fingerprint(topic));
  return place != 0 && at(place).payload == fingerprint(payload).high;
}

void RetainedMemory::heard(std::string_view topic, std::string_view payload, std::uint64_t most) {
  const Fingerprint mark = fingerprint(topic);
  Place place = find(mark);
  if (place != 0) {
    unlink(place);
  } else {
    if (topics_.size() < std::max<std::uint64_t>(1, most)) {
      topics_.emplace_back();
      place = static_cast<Place>(topics_.size());
    } else {
      place = oldest_;
      gone_.push_back(at(place).topic);
      table_.erase(place, hash_of());
      unlink(place);
    }
    at(place).topic = mark;
    table_.insert(place, hash_of());
  }
  at(place).payload = fingerprint(payload).high;
  at(place).order = ++order_;
  link_newest(place);
}

void RetainedMemory::link_newest(Place place) {
  at(place).newer = 0;
  at(place).older = newest_;
  (newest_ != 0 ? at(newest_).newer : oldest_) = place;
  newest_ = place;
}

void RetainedMemory::unlink(Place place) {
  const Topic& topic = at(place);
  (topic.older != 0 ? at(topic.older).newer : oldest_) = topic.newer;
  (topic.newer != 0 ? at(topic.newer).older : newest_) = topic.older;
}

std::string RetainedMemory::row_key(const Fingerprint& topic) {
  StateWriter mark;
  mark.fixed(topic.high);
  mark.fixed(topic.low);
  return kPrefix + hex_encode(mark.take());
}

model::StateChange RetainedMemory::row(const std::string& owner, const Topic& topic) {
  StateWriter bytes;
  bytes.fixed(topic.topic.high);
  bytes.fixed(topic.topic.low);
  bytes.fixed(topic.payload);
  bytes.natural(topic.order);
  return {owner, row_key(topic.topic), bytes.take()};
}

void RetainedMemory::restore(std::string_view bytes) {
  StateReader in(bytes);
  Topic topic;
  topic.topic.high = in.fixed();
  topic.topic.low = in.fixed();
  topic.payload = in.fixed();
  topic.order = in.natural();
  if (in.done()) topics_.push_back(topic);
}

void RetainedMemory::begin() {
  std::sort(topics_.begin(), topics_.end(),
            [](const Topic& left, const Topic& right) { return left.order < right.order; });
  for (Place place = 1; place <= topics_.size(); ++place) {
    table_.insert(place, hash_of());
    link_newest(place);
  }
  order_ = collected_ = newest_ == 0 ? 0 : at(newest_).order;
}

void RetainedMemory::collect(const std::string& owner, std::vector<model::StateChange>& changes) {
  for (const Fingerprint& topic : std::exchange(gone_, {})) {
    if (find(topic) == 0) changes.push_back({owner, row_key(topic), std::nullopt});
  }
  for (Place place = newest_; place != 0 && at(place).order > collected_; place = at(place).older)
    changes.push_back(row(owner, at(place)));
  collected_ = order_;
}

void RetainedMemory::everything(const std::string& owner, std::vector<model::StateChange>& changes) const {
  for (Place place = newest_; place != 0; place = at(place).older) changes.push_back(row(owner, at(place)));
}

void RetainedMemory::clear() {
  for (const Topic& topic : topics_) gone_.push_back(topic.topic);
  topics_.clear();
  table_.clear();
  newest_ = oldest_ = 0;
}

}  // namespace sundial::rules
