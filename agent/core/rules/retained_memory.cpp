// Topics by hearing, and their rows.
#include "agent/core/rules/retained_memory.hpp"

#include "agent/core/rules/state_codec.hpp"
#include "platform/base/text.hpp"

namespace sundial::rules {

bool RetainedMemory::is_known(std::string_view topic, std::string_view payload) const {
  const auto found = places_.find(fingerprint(topic));
  return found != places_.end() && found->second->payload == fingerprint(payload).high;
}

void RetainedMemory::heard(std::string_view topic, std::string_view payload, std::uint64_t most) {
  const Fingerprint mark = fingerprint(topic);
  const auto found = places_.find(mark);
  if (found != places_.end()) {
    topics_.splice(topics_.begin(), topics_, found->second);
  } else {
    topics_.push_front({mark, 0, 0, false});
    places_.emplace(mark, topics_.begin());
  }
  Topic& here = topics_.front();
  here.payload = fingerprint(payload).high;
  here.order = ++order_;
  here.dirty = true;
  if (topics_.size() <= most) return;
  places_.erase(topics_.back().topic);
  gone_.push_back(topics_.back());
  topics_.pop_back();
}

model::StateChange RetainedMemory::row(const std::string& owner, const Topic& topic, bool gone) {
  StateWriter mark;
  mark.fixed(topic.topic.high);
  mark.fixed(topic.topic.low);
  const std::string key = kPrefix + hex_encode(mark.take());
  if (gone) return {owner, key, std::nullopt};
  StateWriter bytes;
  bytes.fixed(topic.topic.high);
  bytes.fixed(topic.topic.low);
  bytes.fixed(topic.payload);
  bytes.natural(topic.order);
  return {owner, key, bytes.take()};
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
  topics_.sort([](const Topic& left, const Topic& right) { return left.order > right.order; });
  places_.clear();
  for (auto place = topics_.begin(); place != topics_.end(); ++place) places_.emplace(place->topic, place);
  order_ = topics_.empty() ? 0 : topics_.front().order;
}

void RetainedMemory::collect(const std::string& owner, std::vector<model::StateChange>& changes) {
  for (const Topic& topic : gone_) {
    if (!places_.contains(topic.topic)) changes.push_back(row(owner, topic, true));
  }
  gone_.clear();
  // What changed was heard since the last time, and so stands in front.
  for (Topic& topic : topics_) {
    if (!topic.dirty) break;
    topic.dirty = false;
    changes.push_back(row(owner, topic, false));
  }
}

void RetainedMemory::everything(const std::string& owner, std::vector<model::StateChange>& changes) const {
  for (const Topic& topic : topics_) changes.push_back(row(owner, topic, false));
}

void RetainedMemory::clear() {
  for (const Topic& topic : topics_) gone_.push_back(topic);
  topics_.clear();
  places_.clear();
}

}  // namespace sundial::rules
