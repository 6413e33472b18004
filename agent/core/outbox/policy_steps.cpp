// What goes next, and what follows from an answer.
#include <algorithm>
#include <climits>

#include "agent/core/outbox/merge.hpp"
#include "agent/core/outbox/policy.hpp"

namespace sundial::outbox {
namespace {

// A 500 is this record's own fault only when it alone fails, so often and for so long.
constexpr int kPoisonFailures = 20;
constexpr Millis kPoisonTime = std::chrono::hours(1);

model::RecordUpdate update(std::uint64_t number, model::RecordUpdate::Kind kind) {
  model::RecordUpdate update;
  update.number = number;
  update.kind = kind;
  return update;
}

model::RecordUpdate remember(const Entry& entry) {
  model::RecordUpdate remember = update(entry.record.number, model::RecordUpdate::Kind::remember);
  remember.memory = entry.memory;
  return remember;
}

}  // namespace

std::optional<Step> Policy::next(Elapsed now) {
  while (!timers_.empty() && timers_.begin()->first <= now) {
    const std::string name = timers_.begin()->second;
    place(name, now);
  }
  for (const Target target : {Target::temporal, Target::broker}) {
    auto& lanes = ready(target);
    while (!lanes.empty() && link(target).room(now) > 0) {
      const std::string name = choose(target);
      Lane& lane = lanes_.at(name);
      const Lane::Pick pick = lane.pick(now);
      if (!pick.index) {  // a token that was there is gone
        place(name, now);
        continue;
      }
      Step step = merges(lane.entries[*pick.index].record) ? merge(lane, *pick.index)
                                                           : take(lane, *pick.index, target, now);
      lane.busy = true;
      place(name, now);
      return step;
    }
  }
  return std::nullopt;
}

// While one at a time is tried, it is not always the one that fails: it may be the only one to do so.
std::string Policy::choose(Target target) const {
  constexpr int kLookAt = 64;
  const auto& lanes = target == Target::temporal ? ready_temporal_ : ready_broker_;
  auto best = lanes.begin();
  if (!link(target).closed()) return best->lane;
  int fewest = INT_MAX;
  int looked = 0;
  for (auto lane = lanes.begin(); lane != lanes.end() && looked < kLookAt; ++lane, ++looked) {
    const int failures = lanes_.at(lane->lane).entries.front().failures;
    if (failures >= fewest) continue;
    fewest = failures;
    best = lane;
  }
  return best->lane;
}

Step Policy::take(Lane& lane, std::size_t index, Target target, Elapsed now) {
  Job job;
  job.target = target;
  job.entry = std::move(lane.entries[index]);
  job.was_unknown = job.entry.memory.outcome_unknown;
  lane.entries.erase(lane.entries.begin() + static_cast<std::ptrdiff_t>(index));
  if (job.entry.record.paced && !job.entry.token_taken) job.entry.token_taken = lane.bucket.take(now);
  (target == Target::temporal ? temporal_ : broker_).sent();
  in_flight_.insert(job.entry.record.number);
  Step step;
  step.number = job.entry.record.number;
  step.job = std::move(job);
  return step;
}

// A merge is written down before it is sent, so that a repeat has the same elements.
Step Policy::merge(Lane& lane, std::size_t index) {
  const auto first = lane.entries.begin() + static_cast<std::ptrdiff_t>(index);
  std::vector<const Map*> actions{&first->record.action};
  std::size_t bytes = merge_size(first->record.action);
  auto last = first + 1;
  for (; last != lane.entries.end() && actions.size() < kMostMerged; ++last) {
    if (!merge_together(first->record, last->record)) break;
    bytes += merge_size(last->record.action);
    if (bytes > kLargestMerge) break;
    actions.push_back(&last->record.action);
  }
  Step step;
  step.number = first->record.number;
  model::RecordUpdate replace = update(step.number, model::RecordUpdate::Kind::replace);
  replace.action = merge_actions(actions);
  first->record.action = *replace.action;
  step.updates.push_back(std::move(replace));
  for (auto entry = first + 1; entry != last; ++entry) {
    step.updates.push_back(update(entry->record.number, model::RecordUpdate::Kind::remove));
    ended_.insert(entry->record.number);
    weigh(*entry, false);
  }
  keep(std::move(*first));
  lane.entries.erase(first, last);
  return step;
}

void Policy::keep(Entry entry) {
  const std::uint64_t number = entry.record.number;
  being_kept_.emplace(number, std::move(entry));
}

void Policy::kept(std::uint64_t number, Elapsed now) {
  auto node = being_kept_.extract(number);
  if (node.empty()) return;
  lane_of(node.mapped().record.lane).busy = false;
  put(std::move(node.mapped()), now);
}

Verdict Policy::answered(Job job, const model::DeliveryAnswer& answer, Elapsed now) {
  (job.target == Target::temporal ? temporal_ : broker_).answered(answer, now);
  in_flight_.erase(job.entry.record.number);
  switch (answer.outcome) {
    case model::DeliveryOutcome::done:
      return ended(std::move(job.entry), End::done, answer, now);
    case model::DeliveryOutcome::already_done:
      return ended(std::move(job.entry), End::already, answer, now);
    case model::DeliveryOutcome::already_running:
      return ended(std::move(job.entry), End::already_running, answer, now);
    case model::DeliveryOutcome::dead:
      return ended(std::move(job.entry), End::dead, answer, now);
    case model::DeliveryOutcome::name_taken:
    case model::DeliveryOutcome::retry:
    case model::DeliveryOutcome::hold:
      return try_again(std::move(job), answer, now);
  }
  return {};
}

Verdict Policy::ended(Entry entry, End end, const model::DeliveryAnswer& answer, Elapsed now) {
  Verdict verdict;
  const bool dead = end == End::dead;
  verdict.updates.push_back(update(
      entry.record.number, dead ? model::RecordUpdate::Kind::bury : model::RecordUpdate::Kind::remove));
  verdict.updates.back().reason = dead ? answer.reason : "";
  weigh(entry, false);
  ended_.insert(entry.record.number);
  lane_of(entry.record.lane).busy = false;
  place(entry.record.lane, now);
  verdict.finished = Finished{std::move(entry.record), end, answer, std::move(entry.memory)};
  return verdict;
}

bool Policy::is_poison(Entry& entry, Elapsed now) const {
  const std::uint64_t passed = temporal_.passed();
  if (entry.suspicions == 0) entry.first_suspicion = now;
  if (entry.suspicions == 0 || passed > entry.passed_before) ++entry.suspicions;
  entry.passed_before = passed;
  return entry.suspicions >= kPoisonFailures && now - entry.first_suspicion >= kPoisonTime;
}

Verdict Policy::try_again(Job job, const model::DeliveryAnswer& answer, Elapsed now) {
  Entry& entry = job.entry;
  if (answer.poison_suspect && is_poison(entry, now)) {
    model::DeliveryAnswer dead = answer;
    dead.outcome = model::DeliveryOutcome::dead;
    dead.refusal = ErrorKind::internal;
    dead.reason = "fails while others pass, for an hour: " + answer.reason;
    return ended(std::move(entry), End::dead, dead, now);
  }
  Verdict verdict;
  if (answer.prepared || answer.outcome == model::DeliveryOutcome::name_taken) {
    verdict.updates.push_back(remember(entry));
    verdict.wait_until_kept = true;
    entry.failures = 0;
    entry.not_before = now;
    keep(std::move(entry));
    return verdict;
  }
  if (entry.memory.outcome_unknown && !job.was_unknown) verdict.updates.push_back(remember(entry));
  entry.only_itself = answer.only_itself;
  entry.not_before = now;
  if (!answer.unreachable) {  // the link's own pause is enough: the record is not at fault
    entry.not_before += backoff_.after(++entry.failures);
    if (answer.retry_after) {
      entry.not_before = std::max(entry.not_before, now + std::min(*answer.retry_after, kLongestWait));
    }
  }
  lane_of(entry.record.lane).busy = false;
  put(std::move(entry), now);
  return verdict;
}

}  // namespace sundial::outbox
