// Fan-out of ledger entries to streams.
#include "agent/api/event_hub.hpp"

#include <utility>

#include "agent/api/errors.hpp"
#include "platform/json/json.hpp"

namespace sundial::api {

namespace {

// Also how soon a reader that vanished is noticed.
constexpr Millis kHeartbeat = std::chrono::seconds{10};

}  // namespace

bool chosen_by(const LedgerQuery& query, const model::LedgerEntry& entry) {
  return (!query.origin || *query.origin == entry.origin) && (query.id.empty() || query.id == entry.id) &&
         (!query.key || *query.key == entry.key) && (!query.until || entry.at <= *query.until);
}

Map document_of(const NumberedLedgerEntry& numbered) {
  const model::LedgerEntry& entry = numbered.entry;
  return object({{"number", numbered.number},
                 {"time", format_rfc3339(entry.at, Fraction::always)},
                 {"origin", model::name_of(entry.origin)},
                 {"id", entry.id},
                 {"key", entry.key},
                 {"event", entry.event},
                 {"what", entry.what},
                 {"reason", entry.reason},
                 {"detail", entry.detail}});
}

EventHub::EventHub(EventLoop& loop, AgentControl& agent) : loop_(loop), agent_(agent) {
  agent_.follow_ledger([this](const NumberedLedgerEntry& entry) { heard(entry); });
}

EventHub::~EventHub() {
  agent_.follow_ledger({});
  if (heartbeat_) loop_.cancel(*heartbeat_);
}

void EventHub::follow(std::shared_ptr<HttpReply> stream, LedgerQuery query,
                      const std::vector<NumberedLedgerEntry>& missed) {
  Follower follower{std::move(stream), std::move(query), 0};
  // At once something to read, so that the other side knows that it follows.
  if (!follower.stream->write("retry: 2000\n\n")) return;
  for (const NumberedLedgerEntry& entry : missed) send(follower, entry);
  followers_.push_back(std::move(follower));
  drop_gone();
  if (!heartbeat_ && !followers_.empty()) {
    heartbeat_ = loop_.at(loop_.now().elapsed + kHeartbeat, [this] { say_alive(); });
  }
}

void EventHub::heard(const NumberedLedgerEntry& entry) {
  for (Follower& follower : followers_) {
    if (chosen_by(follower.query, entry.entry)) send(follower, entry);
  }
  drop_gone();
}

void EventHub::send(Follower& follower, const NumberedLedgerEntry& entry) {
  if (!follower.stream || entry.number <= follower.seen) return;
  follower.seen = entry.number;
  const std::string text = "id: " + std::to_string(entry.number) +
                           "\nevent: ledger\ndata: " + json::write(document_of(entry)) + "\n\n";
  if (!follower.stream->write(text)) follower.stream.reset();
}

void EventHub::say_alive() {
  heartbeat_.reset();
  for (Follower& follower : followers_) {
    if (!follower.stream->write(": alive\n\n")) follower.stream.reset();
  }
  drop_gone();
  if (!followers_.empty()) heartbeat_ = loop_.at(loop_.now().elapsed + kHeartbeat, [this] { say_alive(); });
}

void EventHub::drop_gone() {
  followers_.remove_if([](const Follower& follower) { return !follower.stream; });
}

}  // namespace sundial::api
