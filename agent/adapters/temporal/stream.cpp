// Plain sockets: connecting, and bytes.
#include "agent/adapters/temporal/stream.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace sundial::temporal {
namespace {

constexpr auto kConnectTimeout = std::chrono::seconds(5);  // of one address

class PlainStream final : public Stream {
 public:
  explicit PlainStream(UniqueFd socket) : socket_(std::move(socket)) {}

  Step write(std::string_view bytes, Deadline deadline) override {
    std::size_t written = 0;
    while (written < bytes.size()) {
      const auto count = ::send(socket_.get(), bytes.data() + written, bytes.size() - written, MSG_NOSIGNAL);
      if (count >= 0) {
        written += static_cast<std::size_t>(count);
      } else if (errno != EINTR) {
        if (errno != EAGAIN) return {.status = Status::failed, .bytes = written};
        if (!wait_for(socket_.get(), POLLOUT, deadline)) return {.status = Status::late, .bytes = written};
      }
    }
    return {.status = Status::done, .bytes = written};
  }

  // An answer is never there yet when it is asked for: it is waited for first.
  Step read(std::span<char> into, Deadline deadline) override {
    for (;;) {
      if (!wait_for(socket_.get(), POLLIN, deadline)) return {.status = Status::late};
      const auto count = ::recv(socket_.get(), into.data(), into.size(), 0);
      if (count > 0) return {.status = Status::done, .bytes = static_cast<std::size_t>(count)};
      if (count == 0) return {.status = Status::ended};
      if (errno != EAGAIN && errno != EINTR) return {.status = Status::failed};
    }
  }

  bool is_quiet() override {
    char byte = 0;
    return ::recv(socket_.get(), &byte, 1, MSG_PEEK) < 0 && errno == EAGAIN;
  }

 private:
  UniqueFd socket_;
};

// Nothing: it does not answer, or refuses.
enum class Connecting { done, refused, late };

Connecting begin(int socket, SocketAddress address, int port, Deadline deadline) {
  const auto number = htons(static_cast<std::uint16_t>(port));
  if (address.storage.ss_family == AF_INET6) {
    reinterpret_cast<sockaddr_in6*>(&address.storage)->sin6_port = number;
  } else {
    reinterpret_cast<sockaddr_in*>(&address.storage)->sin_port = number;
  }
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address.storage), address.size) == 0) {
    return Connecting::done;
  }
  if (errno != EINPROGRESS) return Connecting::refused;
  if (!wait_for(socket, POLLOUT, deadline)) return Connecting::late;
  int problem = 0;
  socklen_t size = sizeof problem;
  const bool known = ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &problem, &size) == 0;
  return known && problem == 0 ? Connecting::done : Connecting::refused;
}

}  // namespace

bool wait_for(int socket, short what, Deadline deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Deadline::clock::now());
    pollfd entry{socket, what, 0};
    const int ready = ::poll(&entry, 1, static_cast<int>(std::max<std::int64_t>(0, left.count())));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

Result<UniqueFd> connect_to(const std::vector<SocketAddress>& addresses, int port, Deadline deadline) {
  bool late = false;
  for (const SocketAddress& address : addresses) {
    UniqueFd socket(
        ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
    if (!socket) continue;
    const int one = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    const auto patience = std::min(deadline, Deadline::clock::now() + kConnectTimeout);
    switch (begin(socket.get(), address, port, patience)) {
      case Connecting::done:
        return socket;
      case Connecting::late:
        late = true;
        break;
      case Connecting::refused:
        break;
    }
  }
  return Error(ErrorKind::unavailable, late ? "does not answer in time" : "can't connect");
}

std::unique_ptr<Stream> plain_stream(UniqueFd socket) {
  return std::make_unique<PlainStream>(std::move(socket));
}

}  // namespace sundial::temporal
