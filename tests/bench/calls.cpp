// HTTP calls, one after the other on each of several connections: how many a second, and how long each takes.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

struct Caller {
  int port = 0;
  std::string path;  // the number of the call and `behind` follow
  std::string behind;
  std::string body;
  std::vector<double> millis;

  void run(std::atomic<std::int64_t>& left);
  bool call(int socket, std::int64_t number);
};

void Caller::run(std::atomic<std::int64_t>& left) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int one = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) std::exit(1);
  for (std::int64_t number = --left; number >= 0; number = --left) {
    const auto begin = Clock::now();
    if (!call(socket, number)) std::exit(1);
    millis.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
  }
  ::close(socket);
}

bool Caller::call(int socket, std::int64_t number) {
  const std::string request = fmt::format(
      "POST {}{}{} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
      "{}\r\n\r\n{}",
      path, number, behind, body.size(), body);
  if (::send(socket, request.data(), request.size(), MSG_NOSIGNAL) < 0) return false;
  std::string answer;
  for (;;) {
    char buffer[8192];
    const auto count = ::recv(socket, buffer, sizeof buffer, 0);
    if (count <= 0) return false;
    answer.append(buffer, static_cast<std::size_t>(count));
    const std::size_t end = answer.find("\r\n\r\n");
    if (end == std::string::npos) continue;
    std::string head = answer.substr(0, end);
    std::transform(head.begin(), head.end(), head.begin(), [](unsigned char c) { return std::tolower(c); });
    const std::size_t at = head.find("content-length: ");
    const std::size_t length =
        at == std::string::npos ? 0 : std::strtoul(head.c_str() + at + 16, nullptr, 10);
    if (answer.size() >= end + 4 + length) return answer.compare(9, 3, "200") == 0;
  }
}

}  // namespace

// bench_calls PORT PATH BEHIND CALLS CONNECTIONS [BODY]
int main(int count, char** arguments) {
  if (count != 6 && count != 7) return 64;
  const std::int64_t calls = std::atoll(arguments[4]);
  std::atomic<std::int64_t> left = calls;
  std::vector<Caller> callers(static_cast<std::size_t>(std::atoi(arguments[5])));
  std::vector<std::thread> threads;
  const auto begin = Clock::now();
  for (Caller& caller : callers) {
    caller.port = std::atoi(arguments[1]);
    caller.path = arguments[2];
    caller.behind = arguments[3];
    caller.body = count == 7 ? arguments[6] : "{}";
    threads.emplace_back([&caller, &left] { caller.run(left); });
  }
  for (std::thread& thread : threads) thread.join();
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  std::vector<double> all;
  for (const Caller& caller : callers) all.insert(all.end(), caller.millis.begin(), caller.millis.end());
  std::sort(all.begin(), all.end());
  fmt::print("{{\"rate\":{:.1f},\"p50_ms\":{:.3f},\"p99_ms\":{:.3f}}}\n",
             static_cast<double>(calls) / seconds, all[all.size() / 2], all[all.size() * 99 / 100]);
}
