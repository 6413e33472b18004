// The agent's HTTP server: accepts on the event loop, and keeps a bound on everything that comes in.
#pragma once

#include <array>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "agent/adapters/http/connection.hpp"
#include "agent/adapters/http/tls.hpp"
#include "agent/ports/http_server.hpp"
#include "platform/event_loop.hpp"

namespace sundial::http {

struct DoorOptions {
  BodyLimit body_limit;
  // How a request is answered that never reached the handler.
  std::function<HttpResponse(int status, const std::string& reason)> refusal;
  TlsFiles tls;  // empty: plain HTTP
  std::size_t max_connections = 512;
  std::size_t max_connections_of_peer = 128;  // beyond loopback
};

// A new connection beyond a bound closes the one that has gone longest without completing a request;
// one that waits for an answer is never closed for it. Where all wait, the new one is turned away.
class Door final : public HttpServer, private ConnectionOwner {
 public:
  Door(EventLoop& loop, DoorOptions options);
  ~Door() override;
  Door(const Door&) = delete;
  Door& operator=(const Door&) = delete;

  Result<void> listen(const std::string& address, HttpHandler handler) override;
  // For connections from now on; nothing: plain HTTP.
  void use(std::unique_ptr<TlsIdentity> identity) { identity_ = std::move(identity); }
  std::string local_address() const override;
  // Takes no more connections; those that wait for an answer get it as long as the door lives.
  void stop() override;

  std::size_t connections() const { return connections_.size(); }

 private:
  struct Entry {
    std::shared_ptr<Connection> connection;
    bool idle = true;
    std::list<int>::iterator place;  // in idle_, while idle
  };

  EventLoop& loop() override { return loop_; }
  const BodyLimit& body_limit() const override { return options_.body_limit; }
  std::span<char> scratch() override { return scratch_; }
  HttpResponse refusal(int status, const std::string& reason) const override;
  void handle(HttpRequest request, std::shared_ptr<HttpReply> reply) override;
  void became_busy(int descriptor) override;
  void became_idle(int descriptor) override;
  void closed(int descriptor) override;

  void watch_listener(int listener);
  void accept_some(int listener);
  void admit(UniqueFd descriptor, const Peer& peer);
  bool make_room(const Peer& peer);
  bool close_longest_idle(const std::string* of_peer);
  void pause_accepting(int listener);
  std::unique_ptr<Transport> transport_for(UniqueFd descriptor);

  EventLoop& loop_;
  DoorOptions options_;
  HttpHandler handler_;
  std::unique_ptr<TlsIdentity> identity_;
  std::vector<UniqueFd> listeners_;
  std::unordered_map<int, EventLoop::TimerId> pauses_;  // listeners that wait for a descriptor
  std::unordered_map<int, Entry> connections_;
  std::unordered_map<std::string, std::size_t> of_peer_;
  std::list<int> idle_;  // longest idle first
  std::array<char, 16 * 1024> scratch_{};
};

}  // namespace sundial::http
