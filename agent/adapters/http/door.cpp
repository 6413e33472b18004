// Accepting, and who has to leave when there are too many.
#include "agent/adapters/http/door.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace sundial::http {

namespace {

constexpr int kAcceptsAtOnce = 64;  // then the connections have their turn
constexpr Millis kAcceptPause{100};

// Small answers leave at once, and a peer that vanished without a word is noticed some day.
void set_options(int descriptor) {
  const int on = 1;
  const int idle_seconds = 120;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, &idle_seconds, sizeof idle_seconds);
}

}  // namespace

Door::Door(EventLoop& loop, DoorOptions options) : loop_(loop), options_(std::move(options)) {}

Door::~Door() {
  stop();
  while (!connections_.empty()) {
    const std::shared_ptr<Connection> connection = connections_.begin()->second.connection;
    connection->close();
  }
}

Result<void> Door::listen(const std::string& address, HttpHandler handler) {
  if (!options_.tls.certificate.empty()) {
    Result<std::unique_ptr<TlsIdentity>> identity = TlsIdentity::load(options_.tls);
    if (!identity) return identity.error();
    identity_ = std::move(*identity);
  }
  Result<std::vector<UniqueFd>> listeners = listen_on(address);
  if (!listeners) return listeners.error();
  listeners_ = std::move(*listeners);
  handler_ = std::move(handler);
  for (const UniqueFd& listener : listeners_) watch_listener(listener.get());
  return {};
}

std::string Door::local_address() const {
  return listeners_.empty() ? "" : local_address_of(listeners_.front().get());
}

void Door::stop() {
  for (const auto& [listener, timer] : std::exchange(pauses_, {})) loop_.cancel(timer);
  for (const UniqueFd& listener : listeners_) loop_.unwatch(listener.get());
  listeners_.clear();
  std::vector<std::shared_ptr<Connection>> all;
  for (const auto& [descriptor, entry] : connections_) all.push_back(entry.connection);
  for (const auto& connection : all) connection->close_soon();
}

void Door::watch_listener(int listener) {
  loop_.watch(listener, EventLoop::Interest::read,
              [this, listener](EventLoop::Ready) { accept_some(listener); });
}

void Door::accept_some(int listener) {
  for (int round = 0; round < kAcceptsAtOnce; ++round) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    UniqueFd descriptor(
        ::accept4(listener, reinterpret_cast<sockaddr*>(&address), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (descriptor) {
      const Peer peer = peer_of(descriptor.get(), address);
      admit(std::move(descriptor), peer);
      continue;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) return;
    const bool out_of_descriptors = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
    if (out_of_descriptors && !close_longest_idle(nullptr)) return pause_accepting(listener);
  }
}

// Without a descriptor to spare the listener would be ready for ever.
void Door::pause_accepting(int listener) {
  loop_.unwatch(listener);
  pauses_[listener] = loop_.at(loop_.now().elapsed + kAcceptPause, [this, listener] {
    pauses_.erase(listener);
    watch_listener(listener);
  });
}

void Door::admit(UniqueFd descriptor, const Peer& peer) {
  if (!make_room(peer)) return;
  set_options(descriptor.get());
  const int number = descriptor.get();
  std::unique_ptr<Transport> transport = transport_for(std::move(descriptor));
  if (!transport) return;
  ConnectionOwner& owner = *this;
  const auto connection = std::make_shared<Connection>(owner, std::move(transport), peer);
  ++of_peer_[peer.address];
  connections_.emplace(number, Entry{connection, true, idle_.insert(idle_.end(), number)});
  connection->start();
}

std::unique_ptr<Transport> Door::transport_for(UniqueFd descriptor) {
  if (!identity_) return plain_transport(std::move(descriptor));
  identity_->refresh();
  return identity_->accept(std::move(descriptor));
}

bool Door::make_room(const Peer& peer) {
  const auto known = of_peer_.find(peer.address);
  const std::size_t open = known == of_peer_.end() ? 0 : known->second;
  if (!peer.loopback && open >= options_.max_connections_of_peer) return close_longest_idle(&peer.address);
  return connections_.size() < options_.max_connections || close_longest_idle(nullptr);
}

bool Door::close_longest_idle(const std::string* of_peer) {
  for (const int descriptor : idle_) {
    const std::shared_ptr<Connection> connection = connections_.at(descriptor).connection;
    if (of_peer != nullptr && connection->peer().address != *of_peer) continue;
    connection->close();
    return true;
  }
  return false;
}

HttpResponse Door::refusal(int status, const std::string& reason) const {
  return options_.refusal(status, reason);
}

void Door::handle(HttpRequest request, std::shared_ptr<HttpReply> reply) {
  handler_(std::move(request), std::move(reply));
}

void Door::became_busy(int descriptor) {
  const auto entry = connections_.find(descriptor);
  if (entry == connections_.end() || !entry->second.idle) return;
  idle_.erase(entry->second.place);
  entry->second.idle = false;
}

void Door::became_idle(int descriptor) {
  const auto entry = connections_.find(descriptor);
  if (entry == connections_.end() || entry->second.idle) return;
  entry->second.place = idle_.insert(idle_.end(), descriptor);
  entry->second.idle = true;
}

void Door::closed(int descriptor) {
  const auto entry = connections_.find(descriptor);
  if (entry == connections_.end()) return;
  if (entry->second.idle) idle_.erase(entry->second.place);
  const auto peer = of_peer_.find(entry->second.connection->peer().address);
  if (peer != of_peer_.end() && --peer->second == 0) of_peer_.erase(peer);
  connections_.erase(entry);
}

}  // namespace sundial::http
