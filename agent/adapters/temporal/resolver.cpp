// Looks names up under a deadline: the system's own lookup has none, and nothing can end it.
#include "agent/adapters/temporal/resolver.hpp"

#include <arpa/inet.h>
#include <netdb.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>

namespace sundial::temporal {
namespace {

bool is_numeric(const std::string& host) {
  in6_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1 || inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

std::string find(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failed = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (failed != 0) return gai_strerror(failed);
  freeaddrinfo(found);
  return "";
}

}  // namespace

struct Resolver::Shared {
  struct Lookup {
    bool done = false;
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

Result<void> Resolver::look_up(const std::string& host, Millis patience) {
  if (is_numeric(host)) return {};
  std::unique_lock lock(shared_->mutex);
  auto& running = shared_->running[host];
  if (running == nullptr) {
    auto fresh = std::make_shared<Shared::Lookup>();
    const auto look = [shared = shared_, lookup = fresh, host] {
      std::string problem = find(host);
      const std::lock_guard done(shared->mutex);
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
  if (lookup->problem.empty()) return {};
  return Error(ErrorKind::unavailable, "the name can't be resolved (" + lookup->problem + ")");
}

}  // namespace sundial::temporal
