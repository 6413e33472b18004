// Remembering and forgetting answers.
#include "agent/api/idempotency.hpp"

#include <algorithm>
#include <utility>

#include "agent/api/errors.hpp"
#include "platform/base/text.hpp"
#include "platform/crypto/crypto.hpp"
#include "platform/json/json.hpp"

namespace sundial::api {

namespace {

bool may_pass(int status) {
  return status == 429 || status >= 500;
}

// What is said again where the answer itself did not outlive the agent: the effect did.
HttpResponse taken_before() {
  return {202, {{"Content-Type", "application/json"}}, json::write(object({{"status", "queued"}})) + "\n"};
}

std::string text_of(const Value& document, std::string_view name) {
  const Value* member = document.find(name);
  return member != nullptr && member->text() != nullptr ? *member->text() : "";
}

}  // namespace

Idempotency::Idempotency(Keep keep, Keep keep_with_effect, const Kept& kept, Instant now)
    : keep_(std::move(keep)), keep_with_effect_(std::move(keep_with_effect)) {
  for (const auto& [name, text] : kept) {
    if (name.starts_with(kPrefix)) restore(name.substr(kPrefix.size()), text, now);
  }
  by_age_.sort([this](const std::string& a, const std::string& b) {
    return entries_.at(a).since < entries_.at(b).since;
  });
}

void Idempotency::restore(const std::string& name, const std::string& text, Instant now) {
  const Result<Value> document = json::parse(text);
  const Result<Instant> since = parse_rfc3339(document ? text_of(*document, "since") : "");
  if (!since) return keep_(std::string(kPrefix) + name, {});
  // A clock that was set back meanwhile must not make it last for ever.
  Entry entry{text_of(*document, "request"),
              std::min(*since, now),
              taken_before(),
              {},
              by_age_.insert(by_age_.end(), name)};
  const Value* status = document->find("status");
  if (const auto* number = status == nullptr ? nullptr : status->get_if<std::int64_t>()) {
    entry.response = HttpResponse{static_cast<int>(*number),
                                  {{"Content-Type", text_of(*document, "type")}},
                                  text_of(*document, "body")};
  }
  bytes_ += entry.response->body.size();
  entries_.emplace(name, std::move(entry));
}

Idempotency::Meeting Idempotency::meet(const std::string& key, const std::string& request, Instant now,
                                       Repeat again) {
  forget_old(now);
  std::string digest = hex_encode(crypto::sha256(request));
  const std::string name = hex_encode(crypto::sha256(key));
  const auto known = entries_.find(name);
  if (known == entries_.end()) {
    const auto place = by_age_.insert(by_age_.end(), name);
    entries_.emplace(name, Entry{std::move(digest), now, {}, {}, place});
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

Map Idempotency::document_of(const Entry& entry) const {
  Map document =
      object({{"request", entry.request}, {"since", format_rfc3339(entry.since, Fraction::always)}});
  if (!entry.response || entry.response->body.size() > kMaxKeptAnswer) return document;
  document.set("status", entry.response->status);
  document.set("body", entry.response->body);
  for (const auto& [name, value] : entry.response->headers) {
    if (name == "Content-Type") document.set("type", value);
  }
  return document;
}

void Idempotency::note_effect(const std::string& key) {
  const std::string name = hex_encode(crypto::sha256(key));
  const auto known = entries_.find(name);
  if (known != entries_.end()) {
    keep_with_effect_(std::string(kPrefix) + name, json::write(Value(document_of(known->second))));
  }
}

void Idempotency::finish(const std::string& key, const HttpResponse& response) {
  const std::string name = hex_encode(crypto::sha256(key));
  const auto known = entries_.find(name);
  if (known == entries_.end()) return;
  const std::vector<Repeat> waiting = std::exchange(known->second.waiting, {});
  if (may_pass(response.status)) {
    forget(known);
  } else {
    known->second.response = response;
    bytes_ += response.body.size();
    keep_(std::string(kPrefix) + name, json::write(Value(document_of(known->second))));
  }
  for (const Repeat& again : waiting) again(response);
}

void Idempotency::forget_old(Instant now) {
  while (!by_age_.empty()) {
    const auto oldest = entries_.find(by_age_.front());
    const bool too_many = entries_.size() >= kMaxKeys || bytes_ > kMaxBytes;
    // One that waits for its answer stays: the door bounds how many do.
    if (!oldest->second.response || (!too_many && now - oldest->second.since < kMemory)) return;
    forget(oldest);
  }
}

void Idempotency::forget(Entries::iterator entry) {
  keep_(std::string(kPrefix) + entry->first, {});
  if (entry->second.response) bytes_ -= entry->second.response->body.size();
  by_age_.erase(entry->second.place);
  entries_.erase(entry);
}

}  // namespace sundial::api
