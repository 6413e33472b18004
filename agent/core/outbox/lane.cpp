// Order within a lane, and its two exceptions: a direct call may pass a paced signal, and an activity
// that no worker has started holds up only itself.
#include "agent/core/outbox/lane.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace sundial::outbox {
namespace {

bool paced(const Entry& entry) {
  return entry.record.paced && !entry.token_taken &&
         (entry.record.kind == model::ActionKind::signal ||
          entry.record.kind == model::ActionKind::signal_with_start);
}

bool direct(const Entry& entry) {
  return entry.record.origin.kind == model::OriginKind::http ||
         entry.record.origin.kind == model::OriginKind::command_line;
}

std::string activity_of(const Entry& entry) {
  const Value* id = entry.record.action.find("activity_id");
  return id != nullptr && id->text() != nullptr ? *id->text() : "";
}

void sooner(std::optional<Elapsed>& time, Elapsed other) {
  time = time ? std::min(*time, other) : other;
}

}  // namespace

Bucket::Bucket(double per_second)
    : per_second_(per_second), capacity_(std::max(1.0, per_second)), tokens_(capacity_) {}

void Bucket::set_rate(double per_second) {
  per_second_ = per_second;
  capacity_ = std::max(1.0, per_second);
}

double Bucket::at(Elapsed now) const {
  const double seconds = static_cast<double>((now - filled_).count()) / 1000.0;
  return std::min(capacity_, tokens_ + seconds * per_second_);
}

bool Bucket::take(Elapsed now) {
  if (per_second_ <= 0) return true;
  const double tokens = at(now);
  if (tokens < 1) return false;
  tokens_ = tokens - 1;
  filled_ = now;
  return true;
}

Elapsed Bucket::next(Elapsed now) const {
  if (per_second_ <= 0) return now;
  const double missing = 1 - at(now);
  if (missing <= 0) return now;
  return now + Millis(static_cast<Millis::rep>(std::ceil(missing / per_second_ * 1000)));
}

bool Bucket::full(Elapsed now) const {
  return per_second_ <= 0 || at(now) >= capacity_;
}

Elapsed Bucket::full_at(Elapsed now) const {
  if (full(now)) return now;
  return now + Millis(static_cast<Millis::rep>(std::ceil((capacity_ - at(now)) / per_second_ * 1000)));
}

Lane::Pick Lane::pick(Elapsed now) const {
  Pick pick;
  if (busy) return pick;
  bool behind_paced = false;
  std::vector<std::string> stuck;  // activities
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const Entry& entry = entries[i];
    if (!stuck.empty() && std::find(stuck.begin(), stuck.end(), activity_of(entry)) != stuck.end()) continue;
    if (entry.not_before > now) {
      sooner(pick.later, entry.not_before);
      if (!entry.only_itself) return pick;
      stuck.push_back(activity_of(entry));
      continue;
    }
    if (behind_paced && !direct(entry)) continue;
    if (paced(entry) && bucket.next(now) > now) {
      sooner(pick.later, bucket.next(now));
      behind_paced = true;
      continue;
    }
    pick.index = i;
    return pick;
  }
  return pick;
}

}  // namespace sundial::outbox
