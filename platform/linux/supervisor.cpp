// Datagrams to systemd's notification socket.
#include "platform/linux/supervisor.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstring>

#include <fmt/format.h>

#include "platform/base/text.hpp"
#include "platform/linux/unique_fd.hpp"

namespace sundial {
namespace {

class SystemdSupervisor final : public Supervisor {
 public:
  SystemdSupervisor(std::string path, std::optional<Millis> patience) : patience_(patience) {
    if (path.empty() || path.size() >= sizeof(address_.sun_path)) return;
    address_.sun_family = AF_UNIX;
    std::memcpy(address_.sun_path, path.data(), path.size());
    if (path.front() == '@') address_.sun_path[0] = '\0';  // the abstract name space
    length_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    socket_ = UniqueFd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  }

  void ready() override { send("READY=1"); }
  void reloading() override {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}",
                     std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000));
  }
  void stopping() override { send("STOPPING=1"); }
  void status(std::string_view line) override { send("STATUS=" + printable(line)); }
  void alive() override { send("WATCHDOG=1"); }
  std::optional<Millis> patience() const override { return patience_; }

 private:
  // Nobody may be listening, and nothing of ours depends on it.
  void send(std::string_view text) {
    if (!socket_) return;
    ::sendto(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL,
             reinterpret_cast<const sockaddr*>(&address_), length_);
  }

  std::optional<Millis> patience_;
  sockaddr_un address_{};
  socklen_t length_ = 0;
  UniqueFd socket_;
};

std::optional<std::int64_t> number(const std::map<std::string, std::string>& environment,
                                   const std::string& name) {
  const auto found = environment.find(name);
  if (found == environment.end()) return std::nullopt;
  std::int64_t value = 0;
  const std::string& text = found->second;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::unique_ptr<Supervisor> make_supervisor(const std::map<std::string, std::string>& environment) {
  const auto path = environment.find("NOTIFY_SOCKET");
  const auto micros = number(environment, "WATCHDOG_USEC");
  const auto pid = number(environment, "WATCHDOG_PID");
  std::optional<Millis> patience;
  if (micros && *micros > 0 && (!pid || *pid == ::getpid())) patience = Millis{*micros / 1000};
  return std::make_unique<SystemdSupervisor>(path == environment.end() ? "" : path->second, patience);
}

}  // namespace sundial
