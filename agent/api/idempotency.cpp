// Remembering and forgetting answers.
#include "agent/api/idempotency.hpp"

#include <utility>

#include "platform/crypto/crypto.hpp"

namespace sundial::api {

namespace {

bool may_pass(int status) {
  return status == 429 || status >= 500;
}

}  // namespace

Idempotency::Meeting Idempotency::meet(const std::string& key, const std::string& request, Elapsed now,
                                       Repeat again) {
  forget_old(now);
  std::string digest = crypto::sha256(request);
  const auto known = entries_.find(key);
  if (known == entries_.end()) {
    const auto place = by_age_.insert(by_age_.end(), key);
    entries_.emplace(key, Entry{std::move(digest), now, {}, {}, place});
    return Meeting::first;
  }
  if (known->second.request != digest) return Meeting::other;
  if (known->second.response) {
    again(*known->second.response);
  } else {
    known->second.waiting.push_back(std::move(again));
  }
  return Meeting::repeated;
}

void Idempotency::finish(const std::string& key, const HttpResponse& response) {
  const auto known = entries_.find(key);
  if (known == entries_.end()) return;
  const std::vector<Repeat> waiting = std::exchange(known->second.waiting, {});
  if (may_pass(response.status)) {
    forget(known);
  } else {
    known->second.response = response;
    bytes_ += response.body.size();
  }
  for (const Repeat& again : waiting) again(response);
}

void Idempotency::forget_old(Elapsed now) {
  while (!by_age_.empty()) {
    const auto oldest = entries_.find(by_age_.front());
    const bool too_many = entries_.size() >= kMaxKeys || bytes_ > kMaxBytes;
    // One that waits for its answer stays: the door bounds how many do.
    if (!oldest->second.response || (!too_many && now - oldest->second.since < kMemory)) return;
    forget(oldest);
  }
}

void Idempotency::forget(std::map<std::string, Entry>::iterator entry) {
  if (entry->second.response) bytes_ -= entry->second.response->body.size();
  by_age_.erase(entry->second.place);
  entries_.erase(entry);
}

}  // namespace sundial::api
