// getaddrinfo, bind, listen, and addresses as text.
#include "agent/adapters/http/listening.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

namespace sundial::http {

namespace {

struct HostPort {
  std::string host;
  std::string port;
};

std::optional<HostPort> split_address(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos) return std::nullopt;
  HostPort parts{address.substr(0, colon), address.substr(colon + 1)};
  if (parts.host.size() >= 2 && parts.host.front() == '[' && parts.host.back() == ']') {
    parts.host = parts.host.substr(1, parts.host.size() - 2);
  } else if (parts.host.find(':') != std::string::npos) {
    return std::nullopt;
  }
  std::uint16_t port = 0;
  const char* end = parts.port.data() + parts.port.size();
  const auto [stop, problem] = std::from_chars(parts.port.data(), end, port);
  if (parts.port.empty() || problem != std::errc{} || stop != end) return std::nullopt;
  return parts;
}

struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

Error cannot_listen(const std::string& address, int problem) {
  std::string text = "can't listen on " + address + ": " + std::strerror(problem);
  if (problem == EADDRINUSE) text += " (another program, or another agent, has this port)";
  return {ErrorKind::unavailable, std::move(text)};
}

sockaddr_storage name_of_socket(int descriptor) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&storage), &size) != 0)
    storage.ss_family = AF_UNSPEC;
  return storage;
}

std::uint16_t port_of(int descriptor) {
  sockaddr_storage storage = name_of_socket(descriptor);
  if (storage.ss_family == AF_UNSPEC) return 0;
  return storage.ss_family == AF_INET6 ? ntohs(reinterpret_cast<sockaddr_in6*>(&storage)->sin6_port)
                                       : ntohs(reinterpret_cast<sockaddr_in*>(&storage)->sin_port);
}

// With port 0 the further addresses of a name take the port that the first was given.
void give_port(addrinfo& entry, std::uint16_t port) {
  if (entry.ai_family == AF_INET6) {
    reinterpret_cast<sockaddr_in6*>(entry.ai_addr)->sin6_port = htons(port);
  } else if (entry.ai_family == AF_INET) {
    reinterpret_cast<sockaddr_in*>(entry.ai_addr)->sin_port = htons(port);
  }
}

// The descriptor, or minus errno.
int listen_at(const addrinfo& entry) {
  UniqueFd descriptor(::socket(entry.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!descriptor) return -errno;
  const int on = 1;
  ::setsockopt(descriptor.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(descriptor.get(), entry.ai_addr, entry.ai_addrlen) != 0) return -errno;
  if (::listen(descriptor.get(), SOMAXCONN) != 0) return -errno;
  return descriptor.release();
}

}  // namespace

Result<std::vector<UniqueFd>> listen_on(const std::string& address) {
  const std::optional<HostPort> parts = split_address(address);
  if (!parts) return Error(ErrorKind::invalid, "\"" + address + "\" is not HOST:PORT, as in 127.0.0.1:8000");
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int problem =
      ::getaddrinfo(parts->host.empty() ? nullptr : parts->host.c_str(), parts->port.c_str(), &hints, &found);
  if (problem != 0) {
    return Error(ErrorKind::unavailable, "can't listen on " + address + ": " + ::gai_strerror(problem));
  }
  const std::unique_ptr<addrinfo, FreeAddresses> list(found);
  std::vector<UniqueFd> sockets;
  int last_problem = EADDRNOTAVAIL;
  for (addrinfo* entry = list.get(); entry != nullptr; entry = entry->ai_next) {
    if (!sockets.empty()) give_port(*entry, port_of(sockets.front().get()));
    const int descriptor = listen_at(*entry);
    if (descriptor == -EADDRINUSE) return cannot_listen(address, EADDRINUSE);
    if (descriptor >= 0) {
      sockets.emplace_back(descriptor);
    } else {
      last_problem = -descriptor;
    }
  }
  if (sockets.empty()) return cannot_listen(address, last_problem);
  return sockets;
}

namespace {

struct HostText {
  std::string text;
  bool loopback = false;
};

HostText host_text(const sockaddr_storage& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    ::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
    return {text.data(), (ntohl(v4.sin_addr.s_addr) >> 24U) == 127};
  }
  if (address.ss_family != AF_INET6) return {};
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
    ::inet_ntop(AF_INET, &v6.sin6_addr.s6_addr[12], text.data(), text.size());
    return {text.data(), v6.sin6_addr.s6_addr[12] == 127};
  }
  ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
  return {text.data(), IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr) != 0};
}

}  // namespace

std::string local_address_of(int descriptor) {
  const std::string host = host_text(name_of_socket(descriptor)).text;
  if (host.empty()) return "";
  const std::string port = std::to_string(port_of(descriptor));
  return host.find(':') == std::string::npos ? host + ":" + port : "[" + host + "]:" + port;
}

Peer peer_of(int descriptor, const sockaddr_storage& address) {
  HostText peer = host_text(address);
  return {std::move(peer.text), peer.loopback, host_text(name_of_socket(descriptor)).text};
}

}  // namespace sundial::http
