// Trips at once where nobody answers or nothing may pass, else after several failures in a row.
#include "agent/core/outbox/link.hpp"

#include <algorithm>

namespace sundial::outbox {
namespace {

constexpr int kFailuresToClose = 5;

}  // namespace

bool passed(const model::DeliveryAnswer& answer) {
  if (answer.outcome == model::DeliveryOutcome::hold) return false;
  return answer.outcome != model::DeliveryOutcome::retry || answer.prepared || answer.only_itself;
}

int Link::room(Elapsed now) const {
  if (now < next_) return 0;
  return std::max(0, (closed_ ? 1 : std::min(allowed_, most_)) - in_flight_);
}

std::optional<Elapsed> Link::opens() const {
  if (in_flight_ >= (closed_ ? 1 : std::min(allowed_, most_))) return std::nullopt;
  return next_;
}

void Link::answered(const model::DeliveryAnswer& answer, Elapsed now) {
  --in_flight_;
  if (!outbox::passed(answer)) return fail(answer, now);
  if (answer.outcome != model::DeliveryOutcome::retry) ++passed_;
  pass();
}

void Link::pass() {
  failures_ = 0;
  closed_ = held_ = unreachable_ = false;
  next_ = Elapsed{};
  allowed_ = std::min(allowed_ + 1, most_);
  problem_.clear();
}

void Link::fail(const model::DeliveryAnswer& answer, Elapsed now) {
  ++failures_;
  problem_ = answer.reason;
  held_ = answer.outcome == model::DeliveryOutcome::hold;
  unreachable_ = answer.unreachable;
  if (held_ || unreachable_ || failures_ >= kFailuresToClose) {
    closed_ = true;
    allowed_ = 1;
    next_ = now + backoff_.after(failures_);
  }
  // It answers, so it is asked again at least every ten seconds, whatever pause it named.
  if (answer.retry_after) next_ = std::max(next_, now + std::min(*answer.retry_after, kLongestWait));
}

}  // namespace sundial::outbox
