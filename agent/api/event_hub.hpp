// Those who follow the ledger live: server-sent events, with a bound on how many.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "agent/api/agent_control.hpp"
#include "agent/ports/http_server.hpp"
#include "platform/event_loop.hpp"

namespace sundial::api {

class EventHub {
 public:
  static constexpr std::size_t kMaxFollowers = 16;

  EventHub(EventLoop& loop, AgentControl& agent);
  ~EventHub();
  EventHub(const EventHub&) = delete;
  EventHub& operator=(const EventHub&) = delete;

  bool is_full() const { return followers_.size() >= kMaxFollowers; }
  // Sends `missed` and then what comes. Its query chooses by origin, id and key.
  void follow(std::shared_ptr<HttpReply> stream, LedgerQuery query,
              const std::vector<NumberedLedgerEntry>& missed);

 private:
  struct Follower {
    std::shared_ptr<HttpReply> stream;
    LedgerQuery query;
    std::uint64_t seen = 0;  // the last number that was sent
  };

  void heard(const NumberedLedgerEntry& entry);
  void send(Follower& follower, const NumberedLedgerEntry& entry);
  void say_alive();
  void drop_gone();

  EventLoop& loop_;
  AgentControl& agent_;
  std::list<Follower> followers_;
  std::optional<EventLoop::TimerId> heartbeat_;
};

bool chosen_by(const LedgerQuery& query, const model::LedgerEntry& entry);
Map document_of(const NumberedLedgerEntry& entry);

}  // namespace sundial::api
