// The load: telemetry of many devices, written to a broker's socket as fast as it takes it or at a rate.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>

namespace {

using Clock = std::chrono::steady_clock;

struct Plan {
  int port = 0;
  int qos = 0;
  std::uint64_t messages = 0;
  std::uint64_t devices = 1000;
  double rate = 0;              // 0: as fast as it goes
  std::uint64_t hot_every = 0;  // one in so many has a temperature above 80; 0: none
};

[[noreturn]] void give_up(const char* doing) {
  std::perror(doing);
  std::exit(1);
}

class Broker {
 public:
  explicit Broker(int port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      give_up("connect");
    const int one = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    using namespace std::string_view_literals;
    write(
        "\x10\x16\x00\x04MQTT\x04\x02\x00\x00\x00\x0a"
        "bench-load"sv);
    char answer[4];
    if (::recv(socket_, answer, sizeof answer, MSG_WAITALL) != 4 || answer[3] != 0) give_up("CONNACK");
  }

  // Takes in acknowledgements while the broker is slow to read, so that neither waits for the other.
  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto count = ::send(socket_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (count > 0) {
        bytes.remove_prefix(static_cast<std::size_t>(count));
        continue;
      }
      if (errno != EAGAIN) give_up("send");
      wait(POLLIN | POLLOUT);
    }
  }

  // Until no more than so many QoS 1 messages wait for their PUBACK, of four bytes each.
  void heed(std::uint64_t sent, std::uint64_t most_open) {
    while (sent > acknowledged() + most_open) wait(POLLIN);
  }

 private:
  std::uint64_t acknowledged() const { return bytes_read_ / 4; }

  void wait(short events) {
    pollfd entry{socket_, events, 0};
    ::poll(&entry, 1, -1);
    if ((entry.revents & POLLIN) == 0) return;
    char buffer[65536];
    const auto count = ::recv(socket_, buffer, sizeof buffer, MSG_DONTWAIT);
    if (count == 0) give_up("the broker has closed the connection");
    if (count > 0) bytes_read_ += static_cast<std::uint64_t>(count);
  }

  int socket_;
  std::uint64_t bytes_read_ = 0;
};

void append_publish(std::string& out, const Plan& plan, std::uint64_t number) {
  const bool hot = plan.hot_every != 0 && number % plan.hot_every == plan.hot_every - 1;
  const std::uint64_t device = number % plan.devices;
  const auto now =
      std::chrono::duration_cast<std::chrono::microseconds>(Clock::now().time_since_epoch()).count();
  fmt::memory_buffer body;  // topic length, topic, packet id, payload of about 120 bytes
  const std::string topic = fmt::format("sensors/device-{:06}/telemetry", device);
  body.push_back(static_cast<char>(topic.size() >> 8));
  body.push_back(static_cast<char>(topic.size() & 0xff));
  body.append(topic);
  if (plan.qos > 0) {
    const std::uint64_t id = number % 65535 + 1;
    body.push_back(static_cast<char>(id >> 8));
    body.push_back(static_cast<char>(id & 0xff));
  }
  fmt::format_to(
      std::back_inserter(body),
      R"({{"device":"device-{:06}","seq":{},"sent":{},"temperature":{}.{},"humidity":{},"battery":3.{:02},"state":"ok"}})",
      device, number, now, hot ? 81 : 20 + number % 50, number % 10, 30 + number % 60, number % 100);
  out.push_back(static_cast<char>(0x30 | plan.qos << 1));
  for (std::size_t left = body.size();; left >>= 7) {
    out.push_back(static_cast<char>((left & 127) | (left > 127 ? 128 : 0)));
    if (left <= 127) break;
  }
  out.append(body.data(), body.size());
}

void publish(const Plan& plan) {
  constexpr std::size_t kBatch = 32 * 1024;
  constexpr std::uint64_t kMostOpen = 2'000;
  Broker broker(plan.port);
  std::string batch;
  const auto begin = Clock::now();
  for (std::uint64_t number = 0; number < plan.messages; ++number) {
    if (plan.rate > 0) {
      const std::chrono::duration<double> due(static_cast<double>(number) / plan.rate);
      std::this_thread::sleep_until(begin + std::chrono::duration_cast<Clock::duration>(due));
    }
    append_publish(batch, plan, number);
    if (plan.rate == 0 && batch.size() < kBatch && number + 1 < plan.messages) continue;
    broker.write(batch);
    batch.clear();
    if (plan.qos > 0) broker.heed(number + 1, plan.rate == 0 ? kMostOpen : 0);
  }
  if (plan.qos > 0) broker.heed(plan.messages, 0);
  const std::chrono::duration<double> took = Clock::now() - begin;
  broker.write(std::string_view("\xe0\x00", 2));
  fmt::print("{{\"seconds\":{:.3f},\"rate\":{:.0f}}}\n", took.count(),
             static_cast<double>(plan.messages) / took.count());
}

}  // namespace

// bench_load PORT QOS MESSAGES DEVICES RATE HOT_EVERY
int main(int count, char** arguments) {
  if (count != 7) return 64;
  Plan plan;
  plan.port = std::atoi(arguments[1]);
  plan.qos = std::atoi(arguments[2]);
  plan.messages = std::strtoull(arguments[3], nullptr, 10);
  plan.devices = std::strtoull(arguments[4], nullptr, 10);
  plan.rate = std::atof(arguments[5]);
  plan.hot_every = std::strtoull(arguments[6], nullptr, 10);
  publish(plan);
}
