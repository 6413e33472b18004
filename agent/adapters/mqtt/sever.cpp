// Paho keeps its sockets to itself, so they are found by whom they are connected to.
#include "agent/adapters/mqtt/sever.hpp"

#include <dirent.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <charconv>
#include <memory>
#include <optional>

namespace sundial::adapters {
namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

template <typename Number>
std::optional<Number> number_in(std::string_view text) {
  Number number{};
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::uint16_t peer_port(int descriptor) {
  sockaddr_storage peer{};
  socklen_t length = sizeof(peer);
  if (::getpeername(descriptor, reinterpret_cast<sockaddr*>(&peer), &length) != 0) return 0;
  if (peer.ss_family == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in&>(peer).sin_port);
  if (peer.ss_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6&>(peer).sin6_port);
  return 0;
}

}  // namespace

bool sever(const std::string& paho_address) {
  const auto port =
      number_in<std::uint16_t>(std::string_view(paho_address).substr(paho_address.rfind(':') + 1));
  const std::unique_ptr<DIR, CloseDirectory> directory(::opendir("/proc/self/fd"));
  if (!port || !directory) return false;
  bool severed = false;
  while (const dirent* entry = ::readdir(directory.get())) {
    const auto descriptor = number_in<int>(entry->d_name);
    if (!descriptor || peer_port(*descriptor) != *port) continue;
    severed = ::shutdown(*descriptor, SHUT_RDWR) == 0 || severed;
  }
  return severed;
}

}  // namespace sundial::adapters
