// The door on real sockets: honest clients are served whatever hostile ones do meanwhile.
#include "agent/adapters/http/door.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>
#include <vector>

#include "agent/adapters/http/agent_client.hpp"
#include "platform/linux/event_loop.hpp"
#include "platform/linux/signals.hpp"
#include "tests/support/until.hpp"

namespace sundial::http {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 60s;  // spent only where something is broken
constexpr auto kTimeOfOthers =
    9s;  // who says nothing is let go after ten seconds: that must not be waited for

// As the agent does: OpenSSL writes to sockets whose other end has gone.
const auto kSigpipeIgnored = std::signal(SIGPIPE, SIG_IGN);

// A client's socket that reads with a deadline.
class Client {
 public:
  explicit Client(int port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }

  bool connected() const { return connected_; }
  // False when the other side has gone.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }
  void end() { ::shutdown(socket_.get(), SHUT_WR); }

  // Until `text` has come, the end, or the deadline.
  std::string read_until(std::string_view text, std::chrono::milliseconds limit = kPatience) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    std::string seen;
    while (seen.find(text) == std::string::npos || text.empty()) {
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
      pollfd ready{socket_.get(), POLLIN, 0};
      if (left <= 0ms || ::poll(&ready, 1, static_cast<int>(left.count())) <= 0) return seen + "[deadline]";
      std::array<char, 4096> buffer{};
      const ssize_t count = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
      if (count <= 0) return seen + "[end]";
      seen.append(buffer.data(), static_cast<std::size_t>(count));
    }
    return seen;
  }
  std::string read_to_end() { return read_until(""); }

 private:
  UniqueFd socket_;
  bool connected_ = false;
};

// A door on a loop of its own thread. Its handler echoes; "/later" is answered by release(), "/never"
// is dropped, "/stream" streams until told to end.
class DoorTest : public testing::Test {
 protected:
  void SetUp() override {
    ignore_broken_pipes();
    start({});
  }

  void start(TlsFiles tls) {
    stop();
    loop_ = std::move(*LinuxEventLoop::create());
    DoorOptions options;
    options.body_limit = [](std::string_view) { return std::size_t{64 * 1024}; };
    options.refusal = [](int status, const std::string& reason) { return HttpResponse{status, {}, reason}; };
    options.tls = std::move(tls);
    door_ = std::make_unique<Door>(*loop_, std::move(options));
    const Result<void> listening =
        door_->listen("127.0.0.1:0", [this](HttpRequest request, std::shared_ptr<HttpReply> reply) {
          handle(std::move(request), std::move(reply));
        });
    ASSERT_TRUE(listening) << listening.error().message();
    const std::string address = door_->local_address();
    port_ = std::stoi(address.substr(address.rfind(':') + 1));
    thread_ = std::thread([this] { loop_->run(); });
    on_loop([] {});  // it runs
  }

  void stop() {
    if (!thread_.joinable()) return;
    loop_->stop();
    thread_.join();
    later_.clear();
    stream_.reset();
    door_.reset();
  }

  void TearDown() override { stop(); }

  void handle(HttpRequest request, std::shared_ptr<HttpReply> reply) {
    if (request.path == "/never") return;
    if (request.path == "/later") {
      later_.push_back(std::move(reply));
    } else if (request.path == "/stream") {
      reply->begin_stream({200, {{"Content-Type", "text/event-stream"}}, ""});
      reply->write("first");
      stream_ = std::move(reply);
    } else {
      reply->send({200, {}, request.method + " " + request.path + " " + request.body});
    }
  }

  // What the handler has is the loop's thread's: also what a test looks at, it looks at there.
  void on_loop(const std::function<void()>& task) {
    std::promise<void> done;
    loop_->post([&] {
      task();
      done.set_value();
    });
    done.get_future().wait();
  }

  void wait_for(const std::function<bool()>& question) {
    EXPECT_TRUE(testing_support::until(
        [&] {
          bool answer = false;
          on_loop([&] { answer = question(); });
          return answer;
        },
        kPatience));
  }

  std::string request(const std::string& bytes) {
    Client client(port_);
    client.send(bytes);
    return client.read_to_end();
  }

  // A real request while others misbehave; how long it took.
  std::chrono::milliseconds time_of_a_request() {
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_NE(request("GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").find("200 OK"),
              std::string::npos);
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
  }

  std::unique_ptr<LinuxEventLoop> loop_;
  std::unique_ptr<Door> door_;
  std::vector<std::shared_ptr<HttpReply>> later_;
  std::shared_ptr<HttpReply> stream_;
  std::thread thread_;
  int port_ = 0;
};

long resident_kilobytes() {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.rfind("VmRSS:", 0) == 0) return std::strtol(line.c_str() + 6, nullptr, 10);
  }
  return 0;
}

TEST_F(DoorTest, KeepsTheConnectionAndAnswersInOrder) {
  Client client(port_);
  client.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\nPOST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");
  const std::string seen = client.read_until("POST /b hi");
  EXPECT_LT(seen.find("GET /a "), seen.find("POST /b hi"));
  client.send("GET /c HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const std::string last = client.read_to_end();
  EXPECT_NE(last.find("GET /c"), std::string::npos);
  EXPECT_NE(last.find("Connection: close"), std::string::npos);
  EXPECT_NE(last.find("[end]"), std::string::npos);
}

TEST_F(DoorTest, AnswersThousandsOfPipelinedRequests) {
  std::string bytes;
  for (int i = 0; i < 5000; ++i) bytes += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\n\r\n";
  Client client(port_);
  std::thread sender([&] { client.send(bytes); });
  const std::string seen = client.read_until("GET /4999 ");
  sender.join();
  EXPECT_NE(seen.find("GET /4999 "), std::string::npos);
  EXPECT_NE(seen.find("GET /2500 "), std::string::npos);
}

TEST_F(DoorTest, ALateAnswerKeepsTheOrder) {
  Client client(port_);
  client.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\nGET /after HTTP/1.1\r\nHost: a\r\n\r\n");
  wait_for([this] { return !later_.empty(); });
  EXPECT_EQ(client.read_until("after", 100ms), "[deadline]");
  on_loop([this] { later_.front()->send({200, {}, "now"}); });
  const std::string seen = client.read_until("/after");
  EXPECT_LT(seen.find("now"), seen.find("/after"));
}

TEST_F(DoorTest, HalfAClosedClientGetsItsAnswer) {
  Client client(port_);
  client.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
  client.end();
  wait_for([this] { return !later_.empty(); });
  on_loop([this] { later_.front()->send({200, {}, "now"}); });
  EXPECT_NE(client.read_to_end().find("now[end]"), std::string::npos);
}

TEST_F(DoorTest, AnUnansweredRequestIs500AndHeadHasNoBody) {
  EXPECT_NE(request("GET /never HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").find("500"),
            std::string::npos);
  const std::string head = request("HEAD /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_NE(head.find("Content-Length: 8\r\n"), std::string::npos);
  EXPECT_NE(head.find("\r\n\r\n[end]"), std::string::npos);
}

TEST_F(DoorTest, SaysContinueToWhoWaits) {
  Client client(port_);
  client.send("POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_NE(client.read_until("\r\n\r\n").find("100 Continue"), std::string::npos);
  client.send("hi");
  EXPECT_NE(client.read_until("POST /x hi").find("200 OK"), std::string::npos);
}

TEST_F(DoorTest, StreamsUntilItsEndAndKeepsTheConnection) {
  Client client(port_);
  client.send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_NE(client.read_until("5\r\nfirst\r\n").find("Transfer-Encoding: chunked"), std::string::npos);
  on_loop([this] {
    EXPECT_TRUE(stream_->write("second"));
    stream_->end();
  });
  EXPECT_NE(client.read_until("0\r\n\r\n").find("6\r\nsecond\r\n"), std::string::npos);
  client.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_NE(client.read_until("GET /x").find("200"), std::string::npos);
}

TEST_F(DoorTest, AStreamThatNobodyReadsIsEnded) {
  Client client(port_);
  client.send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
  wait_for([this] { return stream_ != nullptr; });
  bool alive = true;
  const std::string chunk(64 * 1024, 'x');
  for (int i = 0; i < 1000 && alive; ++i) on_loop([&] { alive = stream_->write(chunk); });
  EXPECT_FALSE(alive);
}

TEST_F(DoorTest, ARefusalIsReadEvenWhereMoreWasSent) {
  Client client(port_);
  client.send("nonsense\r\n" + std::string(1'000'000, 'x'));
  EXPECT_NE(client.read_to_end().find("400 Bad Request"), std::string::npos);
}

TEST_F(DoorTest, AHundredMegabytesPouredCostLessThanOne) {
  const std::string chunk(1024 * 1024, 'x');
  const std::vector<std::string> beginnings{
      "GET /",
      "GET / HTTP/1.1\r\nX: ", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 104857600\r\n\r\n"};
  time_of_a_request();
  const long before = resident_kilobytes();
  for (const std::string& beginning : beginnings) {
    Client client(port_);
    client.send(beginning);
    for (int i = 0; i < 100 && client.send(chunk); ++i) {
    }
  }
  EXPECT_LT(resident_kilobytes() - before, 1024);
  EXPECT_LT(time_of_a_request(), kTimeOfOthers);
}

TEST_F(DoorTest, CrowdsOfIdleAndDrippingClientsKeepNobodyOut) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 4096);
  ::setrlimit(RLIMIT_NOFILE, &limit);
  std::vector<std::unique_ptr<Client>> crowd;
  for (int i = 0; i < 1000; ++i) crowd.push_back(std::make_unique<Client>(port_));
  for (int i = 0; i < 200; ++i) {
    crowd.push_back(std::make_unique<Client>(port_));
    crowd.back()->send("GET /x HTTP/1.1\r\nHost: a\r\n");
  }
  const std::size_t dripping = crowd.size();
  for (int i = 0; i < 100; ++i) crowd.push_back(std::make_unique<Client>(port_));
  for (int round = 0; round < 5; ++round) {
    for (std::size_t i = dripping; i < crowd.size(); ++i) crowd[i]->send("G");
    EXPECT_LT(time_of_a_request(), kTimeOfOthers);
  }
  on_loop([this] { EXPECT_LE(door_->connections(), 512U); });
}

TEST_F(DoorTest, WhoWaitsForAnAnswerIsNotClosedForOthers) {
  Client waiting(port_);
  waiting.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
  wait_for([this] { return !later_.empty(); });
  std::vector<std::unique_ptr<Client>> crowd;
  for (int i = 0; i < 600; ++i) crowd.push_back(std::make_unique<Client>(port_));
  EXPECT_LT(time_of_a_request(), kTimeOfOthers);
  on_loop([this] { later_.front()->send({200, {}, "now"}); });
  EXPECT_NE(waiting.read_until("now").find("200 OK"), std::string::npos);
}

TEST_F(DoorTest, DescriptorsComeBack) {
  {
    std::vector<std::unique_ptr<Client>> crowd;
    for (int i = 0; i < 100; ++i) crowd.push_back(std::make_unique<Client>(port_));
    EXPECT_LT(time_of_a_request(), kTimeOfOthers);
  }
  wait_for([this] { return door_->connections() == 0; });
}

// A certificate for localhost, as an owner would make one.
TlsFiles make_certificate(const std::filesystem::path& folder, const std::string& name) {
  std::filesystem::create_directories(folder);
  TlsFiles files{folder / "cert.pem", folder / "key.pem"};
  const std::string command =
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=" + name +
      " -addext subjectAltName=DNS:localhost -keyout " + files.key + " -out " + files.certificate +
      " 2>/dev/null";
  EXPECT_EQ(std::system(command.c_str()), 0);
  return files;
}

TEST_F(DoorTest, SpeaksTlsAndTakesUpARenewedCertificate) {
  const std::filesystem::path folder = testing::TempDir() + "sundial-tls-" + std::to_string(::getpid());
  const TlsFiles files = make_certificate(folder, "first");
  start(files);
  const std::string url = "https://localhost:" + std::to_string(port_);
  const auto asks = [&](const std::string& ca) {
    const Result<AgentReply> reply =
        (*make_agent_client({url, "", ca}))->call("POST", "/x", std::string(50'000, 'b'));
    return reply && reply->status == 200 && reply->body.size() > 50'000;
  };
  EXPECT_TRUE(asks(files.certificate));
  EXPECT_FALSE(asks(""));
  std::filesystem::copy_file(files.certificate, folder / "old.pem");
  make_certificate(folder, "second");
  EXPECT_TRUE(asks(files.certificate));
  EXPECT_FALSE(asks(folder / "old.pem"));
  EXPECT_NE(request("GET / HTTP/1.1\r\nHost: a\r\n\r\n").find("[end]"), std::string::npos);
  stop();
  std::filesystem::remove_all(folder);
}

TEST_F(DoorTest, TheCommandLinesClientCallsAndFollows) {
  const auto client = *make_agent_client({"http://127.0.0.1:" + std::to_string(port_), "token", ""});
  EXPECT_EQ(client->call("POST", "/a", "")->body, "POST /a ");
  EXPECT_EQ(client->call("DELETE", "/a?b=c", "")->status, 200);
  EXPECT_FALSE(make_agent_client({"ftp://x", "", ""}));
}

TEST_F(DoorTest, ATakenPortIsSaid) {
  const Result<void> second = Door(*loop_, {}).listen("127.0.0.1:" + std::to_string(port_), {});
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message().find("Address already in use"), std::string::npos);
}

}  // namespace
}  // namespace sundial::http
