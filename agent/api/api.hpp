// The HTTP surface: every request goes through the gate to the handler of its route.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "agent/api/agent_control.hpp"
#include "agent/api/desk.hpp"
#include "agent/api/gate.hpp"
#include "agent/api/idempotency.hpp"
#include "agent/api/recordings.hpp"
#include "agent/api/route.hpp"
#include "agent/ports/http_server.hpp"
#include "platform/base/log.hpp"
#include "platform/event_loop.hpp"

namespace sundial::api {

struct ApiSettings {
  GateSettings gate;
  std::map<std::string, std::string> webhook_secrets;  // contents of the files, by the webhook's name
  std::function<ProcessFigures()> process;
  // What the disk of the state holds in all; left out: nobody knows.
  std::function<std::optional<std::uint64_t>()> disk_bytes{};
};

// Lives on the loop's thread, as long as the agent and the loop that it was given.
class Api {
 public:
  Api(EventLoop& loop, AgentControl& agent, Log& log, ApiSettings settings);

  void handle(HttpRequest request, std::shared_ptr<HttpReply> reply);
  // After a reload: other tokens, hosts and secrets.
  void configure(GateSettings gate, std::map<std::string, std::string> webhook_secrets);
  // The answer to what never became a request.
  HttpResponse refusal(int status, const std::string& reason);
  // How long the body of a request to this path may be; for the server.
  std::size_t body_limit(std::string_view path) const;

 private:
  std::optional<Denial> check(const Route& route, const ExchangePtr& exchange);
  void run(const Route& route, const ExchangePtr& exchange);
  void run_once(const Route& route, const ExchangePtr& exchange, const std::string& key);
  void deny(const ExchangePtr& exchange, const Denial& denial);
  std::string next_id();

  EventLoop& loop_;
  AgentControl& agent_;
  Log& log_;
  ApiSettings settings_;
  Gate gate_;
  Idempotency idempotency_;
  EventHub events_;
  Recordings recordings_;
  ResultWaiters results_;
  LoadHistory load_;
  std::uint64_t denied_ = 0;
  Desk desk_;
  std::string id_prefix_;
  std::uint64_t requests_ = 0;
};

}  // namespace sundial::api
