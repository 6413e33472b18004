// Looks names up under a deadline: the system's own lookup has none, and nothing can end it.
#include "agent/adapters/temporal/resolver.hpp"

#include <netdb.h>

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>

namespace sundial::temporal {
namespace {

// Why there are none; "": there are some.
std::string find(const std::string& host, int flags, std::vector<SocketAddress>& addresses) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* list = nullptr;
  const int failed = getaddrinfo(host.c_str(), nullptr, &hints, &list);
  if (failed != 0) return gai_strerror(failed);
  for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
    if (one->ai_family != AF_INET && one->ai_family != AF_INET6) continue;
    SocketAddress& address = addresses.emplace_back();
    address.size = std::min<socklen_t>(one->ai_addrlen, sizeof address.storage);
    std::memcpy(&address.storage, one->ai_addr, address.size);
  }
  freeaddrinfo(list);
  return addresses.empty() ? "it has no address" : "";
}

}  // namespace

struct Resolver::Shared {
  struct Lookup {
    bool done = false;
    std::vector<SocketAddress> addresses;
    std::string problem;
  };
  std::mutex mutex;
  std::condition_variable changed;
  std::map<std::string, std::shared_ptr<Lookup>> running;
};

Resolver::Resolver(Start start) : shared_(std::make_shared<Shared>()), start_(std::move(start)) {}

void Resolver::start_thread(std::function<void()> work) {
  std::thread(std::move(work)).detach();
}

Resolver::~Resolver() = default;

Result<std::vector<SocketAddress>> Resolver::look_up(const std::string& host, Millis patience) {
  // Nothing is asked for an address that is written out.
  std::vector<SocketAddress> numeric;
  if (find(host, AI_NUMERICHOST, numeric).empty()) return numeric;
  std::unique_lock lock(shared_->mutex);
  auto& running = shared_->running[host];
  if (running == nullptr) {
    auto fresh = std::make_shared<Shared::Lookup>();
    const auto look = [shared = shared_, lookup = fresh, host] {
      std::vector<SocketAddress> addresses;
      std::string problem = find(host, 0, addresses);
      const std::lock_guard done(shared->mutex);
      lookup->addresses = std::move(addresses);
      lookup->problem = std::move(problem);
      lookup->done = true;
      shared->running.erase(host);
      shared->changed.notify_all();
    };
    try {
      start_(look);
    } catch (const std::system_error& problem) {  // the system has no thread left
      shared_->running.erase(host);
      return Error(ErrorKind::unavailable,
                   std::string("the name can't be looked up now (") + problem.what() + ")");
    }
    running = std::move(fresh);
  }
  const auto lookup = running;
  if (!shared_->changed.wait_for(lock, patience, [&] { return lookup->done; })) {
    return Error(ErrorKind::unavailable, "the name is not resolved in time");
  }
  if (lookup->problem.empty()) return lookup->addresses;
  return Error(ErrorKind::unavailable, "the name can't be resolved (" + lookup->problem + ")");
}

}  // namespace sundial::temporal
