// The namespace's description, the server's Date, and HTTP/2's greeting where HTTP/1.1 is not spoken.
#include "agent/adapters/temporal/trial.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <string_view>

#include "agent/adapters/temporal/frontend.hpp"
#include "agent/adapters/temporal/pool.hpp"
#include "agent/adapters/temporal/transport.hpp"

namespace sundial::temporal {
namespace {

constexpr int kGrpcPort = 7233;
constexpr int kPatience = 2'000;  // milliseconds

// What a client of HTTP/2 says first, with empty settings; the server's own settings answer it.
constexpr std::string_view kGreeting("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 33);
constexpr std::size_t kFrameType = 3;
constexpr char kSettings = 4;

bool is_ready(int socket, short what) {
  pollfd entry{socket, what, 0};
  return poll(&entry, 1, kPatience) == 1;
}

bool greets_back(int socket) {
  if (!is_ready(socket, POLLOUT)) return false;
  if (send(socket, kGreeting.data(), kGreeting.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(kGreeting.size())) {
    return false;
  }
  std::array<char, 9> frame{};
  return is_ready(socket, POLLIN) &&
         recv(socket, frame.data(), frame.size(), 0) > static_cast<ssize_t>(kFrameType) &&
         frame[kFrameType] == kSettings;
}

// Where the HTTP API is closed, but gRPC's port is open.
std::string grpc_hint(const model::TemporalSettings& settings) {
  for (const std::string& text : settings.addresses) {
    const auto address = parse_address(text);
    if (!address || address->tls) continue;
    for (const int port : {address->port, kGrpcPort}) {
      if (speaks_grpc(address->host, port)) {
        return fmt::format(
            "; gRPC answers at {}:{}, so the server runs with its HTTP API closed or elsewhere",
            address->host, port);
      }
    }
  }
  return "";
}

}  // namespace

bool speaks_grpc(const std::string& host, int port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) return false;
  bool speaks = false;
  for (const addrinfo* one = found; one != nullptr && !speaks; one = one->ai_next) {
    const int handle = socket(one->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (handle < 0) continue;
    // Its outcome shows when it is written to.
    static_cast<void>(connect(handle, one->ai_addr, one->ai_addrlen));
    speaks = greets_back(handle);
    close(handle);
  }
  freeaddrinfo(found);
  return speaks;
}

Trial try_frontend(const model::TemporalSettings& settings, const std::string& device) {
  auto pool = Pool::create(settings);
  if (!pool) return {pool.error().message(), {}};
  Frontend frontend(**pool,
                    Sender{settings.name_space, settings.task_queue, device, "sundial@" + device, nullptr});
  const DeliveryAnswer answer = frontend.describe_namespace().usual();
  if (answer.outcome != DeliveryOutcome::done) {
    return {(answer.reason.empty() ? "no answer" : answer.reason) + grpc_hint(settings), {}};
  }
  const auto there = frontend.server_now();
  if (!there) return {};
  const auto here = std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now());
  return {"", *there - here};
}

}  // namespace sundial::temporal
