// The other side: answers every request as Temporal's frontend does to a start, after a delay, and counts.
// GET /bench tells the figures, POST /bench/MILLISECONDS forgets them and sets the delay.
#include <arpa/inet.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <map>
#include <queue>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kStarted = R"({"runId":"00000000-0000-4000-8000-000000000001","started":true})";

class Sink {
 public:
  explicit Sink(int listener) : listener_(listener), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    watch(listener);
  }

  [[noreturn]] void serve() {
    for (;;) {
      epoll_event events[64];
      const int count = ::epoll_wait(epoll_, events, 64, patience());
      for (int i = 0; i < count; ++i) {
        if (events[i].data.fd == listener_) {
          take_connection();
        } else {
          read(events[i].data.fd);
        }
      }
      while (!due_.empty() && due_.front().first <= Clock::now()) {
        answer(due_.front().second, kStarted);
        due_.pop();
      }
    }
  }

 private:
  int patience() const {
    if (due_.empty()) return -1;
    const auto left = due_.front().first - Clock::now();
    return static_cast<int>(
        std::max<std::int64_t>(0, std::chrono::ceil<std::chrono::milliseconds>(left).count()));
  }

  void watch(int descriptor) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = descriptor;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event);
  }

  void take_connection() {
    const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (descriptor < 0) return;
    const int one = 1;
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    incoming_[descriptor].clear();
    watch(descriptor);
  }

  void read(int descriptor) {
    char buffer[16384];
    const auto count = ::recv(descriptor, buffer, sizeof buffer, 0);
    if (count <= 0) {
      ::close(descriptor);
      incoming_.erase(descriptor);
      return;
    }
    std::string& text = incoming_[descriptor];
    text.append(buffer, static_cast<std::size_t>(count));
    for (;;) {
      const std::size_t end = text.find("\r\n\r\n");
      if (end == std::string::npos) return;
      std::size_t length = 0;
      for (std::string_view name : {"\r\nContent-Length: ", "\r\ncontent-length: "}) {
        if (const std::size_t at = text.find(name); at < end)
          length = std::strtoul(text.c_str() + at + name.size(), nullptr, 10);
      }
      if (text.size() < end + 4 + length) return;
      const std::string head = text.substr(0, text.find("\r\n"));
      text.erase(0, end + 4 + length);
      take(descriptor, head);
    }
  }

  void take(int descriptor, const std::string& head) {
    if (head.starts_with("GET /bench")) return answer(descriptor, figures());
    if (head.starts_with("POST /bench/")) {
      delay_ = std::chrono::milliseconds(std::atoi(head.c_str() + 12));
      requests_ = 0;
      latencies_.clear();
      return answer(descriptor, "{}");
    }
    // The probe of the namespace.
    if (head.starts_with("GET ")) return answer(descriptor, R"({"namespaceInfo":{"name":"default"}})");
    ++requests_;
    note_latency(head);
    if (delay_.count() == 0) return answer(descriptor, kStarted);
    due_.emplace(Clock::now() + delay_, descriptor);
  }

  // An id that ends in -t<microseconds> says when its event was sent, by the clock of this machine.
  void note_latency(const std::string& head) {
    const std::size_t mark = head.rfind("-t");
    if (mark == std::string::npos) return;
    const auto sent = std::strtoll(head.c_str() + mark + 2, nullptr, 10);
    if (sent == 0) return;
    const auto now =
        std::chrono::duration_cast<std::chrono::microseconds>(Clock::now().time_since_epoch()).count();
    latencies_.push_back(now - sent);
  }

  std::string figures() {
    std::sort(latencies_.begin(), latencies_.end());
    const auto at = [this](double part) {
      return latencies_.empty() ? 0.0
                                : static_cast<double>(latencies_[static_cast<std::size_t>(
                                      part * static_cast<double>(latencies_.size() - 1))]) /
                                      1000;
    };
    return fmt::format(R"({{"requests":{},"p50_ms":{:.3f},"p99_ms":{:.3f}}})", requests_, at(0.5), at(0.99));
  }

  void answer(int descriptor, std::string_view body) {
    const std::string text = fmt::format(
        "HTTP/1.1 200 OK\r\nContent-Type: *\r\nDate: {:%a, %d %b %Y %H:%M:%S} GMT\r\nContent-Length: "
        "{}\r\n\r\n{}",
        fmt::gmtime(std::time(nullptr)), body.size(), body);
    if (::send(descriptor, text.data(), text.size(), MSG_NOSIGNAL) < 0) return;
  }

  int listener_;
  int epoll_;
  std::map<int, std::string> incoming_;
  std::queue<std::pair<Clock::time_point, int>> due_;
  std::chrono::milliseconds delay_{0};
  std::uint64_t requests_ = 0;
  std::vector<std::int64_t> latencies_;
};

}  // namespace

// bench_sink: prints its port.
int main() {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener, 128) != 0 ||
      ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    std::perror("bench_sink");
    return 1;
  }
  fmt::print("{}\n", ntohs(address.sin_port));
  std::fflush(stdout);
  Sink(listener).serve();
}
