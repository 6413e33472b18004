// What a kept connection does with servers that close it, drip, or speak no HTTP.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <deque>
#include <functional>
#include <future>
#include <string>
#include <thread>

#include "agent/adapters/temporal/resolver.hpp"
#include "agent/adapters/temporal/transport.hpp"
#include "platform/linux/unique_fd.hpp"

namespace sundial::temporal {
namespace {

constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";

// Accepts one connection for each of its parts, in order; a part returns when it closes its connection.
class Server {
 public:
  using Part = std::function<void(Server&, int socket)>;

  explicit Server(std::deque<Part> parts)
      : parts_(std::move(parts)), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof name;
    EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&name), size), 0);
    EXPECT_EQ(::listen(listener_.get(), 8), 0);
    EXPECT_EQ(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&name), &size), 0);
    port_ = ntohs(name.sin_port);
    thread_ = std::thread([this] {
      for (const Part& part : parts_) {
        const UniqueFd socket(::accept(listener_.get(), nullptr, nullptr));
        if (socket) part(*this, socket.get());
      }
    });
  }
  ~Server() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }

  std::unique_ptr<Connection> connect() {
    Address address{.tls = false, .host = "127.0.0.1", .port = port_, .base = "/base", .text = ""};
    auto connection = open_connection(address, {}, resolver_);
    EXPECT_TRUE(connection);
    return std::move(*connection);
  }

  // The next whole request; "" when the other side has closed.
  static std::string hear(int socket) {
    std::string text;
    char buffer[4096];
    for (;;) {
      const std::size_t end = text.find("\r\n\r\n");
      const std::size_t length = text.find("Content-Length: ");
      const std::size_t body = length == std::string::npos ? 0 : std::stoul(text.substr(length + 16));
      if (end != std::string::npos && text.size() >= end + 4 + body) return text;
      const auto count = ::recv(socket, buffer, sizeof buffer, 0);
      if (count <= 0) return "";
      text.append(buffer, static_cast<std::size_t>(count));
    }
  }
  static bool say(int socket, std::string_view text) {
    return ::send(socket, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  }
  // Until the other side closes; nothing is said.
  static void wait_for_end(int socket) {
    char buffer[65536];
    while (::recv(socket, buffer, sizeof buffer, 0) > 0) continue;
  }

 private:
  Resolver resolver_;
  std::deque<Part> parts_;
  UniqueFd listener_;
  int port_ = 0;
  std::thread thread_;
};

Call post(std::string body = "{\"a\":1}") {
  Call call;
  call.method = "POST";
  call.path = "/x";
  call.body = std::move(body);
  return call;
}

TEST(Connection, SaysWhatItHasToAndIsKept) {
  std::string first;
  std::string second;
  Server server({[&](Server&, int socket) {
    first = Server::hear(socket);
    Server::say(socket, kOk);
    second = Server::hear(socket);
    Server::say(socket, kOk);
    Server::wait_for_end(socket);
  }});
  const auto connection = server.connect();
  Call call = post();
  call.server = Millis(2'000);
  EXPECT_EQ(connection->send(call, "Bearer key").status, 200);
  Call get;
  get.method = "GET";
  get.path = "/y?z";
  const Reply reply = connection->send(get, "");
  EXPECT_EQ(reply.body, "{}");
  EXPECT_TRUE(first.starts_with("POST /base/x HTTP/1.1\r\nHost: 127.0.0.1:")) << first;
  for (const char* part :
       {"\r\nAuthorization: Bearer key\r\n", "\r\nGrpc-Timeout: 2000m\r\n",
        "\r\nContent-Type: application/json\r\n", "\r\nContent-Length: 7\r\n", "\r\n\r\n{\"a\":1}"}) {
    EXPECT_NE(first.find(part), std::string::npos) << first;
  }
  EXPECT_TRUE(second.starts_with("GET /base/y?z HTTP/1.1\r\n")) << "over the same connection: " << second;
  EXPECT_EQ(second.find("Authorization"), std::string::npos);
}

TEST(Connection, OneThatWasClosedMeanwhileIsOpenedAnewBeforeAnythingIsSent) {
  std::promise<void> closed;
  std::string second;
  Server server({[&](Server&, int socket) {
                   Server::hear(socket);
                   Server::say(socket, kOk);
                   ::shutdown(socket, SHUT_WR);
                   closed.set_value();
                   EXPECT_EQ(Server::hear(socket), "") << "nothing more comes here";
                 },
                 [&](Server&, int socket) {
                   second = Server::hear(socket);
                   Server::say(socket, kOk);
                 }});
  const auto connection = server.connect();
  ASSERT_EQ(connection->send(post(), "").status, 200);
  closed.get_future().wait();
  EXPECT_EQ(connection->send(post(), "").status, 200);
  EXPECT_TRUE(second.starts_with("POST"));
}

TEST(Connection, AfterTheRequestNobodyKnowsWhatArrived) {
  Server server({[](Server&, int socket) { Server::hear(socket); },
                 [](Server&, int socket) {
                   Server::hear(socket);
                   Server::say(socket, kOk);
                   Server::hear(socket);
                 },
                 [](Server&, int socket) {
                   Server::hear(socket);
                   Server::say(socket, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{");
                 }});
  const auto connection = server.connect();
  const Reply fresh = connection->send(post(), "");
  EXPECT_EQ(fresh.kind, Reply::Kind::unknown);
  EXPECT_FALSE(fresh.kept);
  EXPECT_NE(fresh.problem.find("gave no HTTP answer"), std::string::npos) << fresh.problem;
  EXPECT_EQ(connection->send(post(), "").status, 200);
  const Reply kept = connection->send(post(), "");
  EXPECT_EQ(kept.kind, Reply::Kind::unknown);
  EXPECT_TRUE(kept.kept) << "it says nothing of the server";
  const Reply half = connection->send(post(), "");
  EXPECT_EQ(half.kind, Reply::Kind::unknown);
  EXPECT_FALSE(half.kept);
  EXPECT_EQ(half.body, "");
}

TEST(Connection, AnAnswerThatDripsMeetsTheDeadline) {
  Server server({[](Server&, int socket) {
    Server::hear(socket);
    Server::say(socket, "HTTP/1.1 200 OK\r\nX: ");
    while (Server::say(socket, "x")) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }});
  const auto connection = server.connect();
  Call call = post();
  call.deadline = Millis(100);
  const Reply reply = connection->send(call, "");
  EXPECT_EQ(reply.kind, Reply::Kind::unknown);
  EXPECT_EQ(reply.problem, "gave no answer within 100ms");
}

TEST(Connection, AnAnswerThatIsTooLongIsNotRead) {
  Server server({[](Server&, int socket) {
    Server::hear(socket);
    Server::say(socket, "HTTP/1.1 200 OK\r\nContent-Length: 40000000\r\n\r\n{");
    Server::wait_for_end(socket);
  }});
  const Reply reply = server.connect()->send(post(), "");
  EXPECT_EQ(reply.kind, Reply::Kind::unknown);
  EXPECT_EQ(reply.problem, "its answer is longer than 32 MiB");
}

TEST(Connection, AnAnswerThatComesBeforeTheRequestsEndIsHeard) {
  Server server({[](Server&, int socket) {
    char buffer[1024];
    ASSERT_GT(::recv(socket, buffer, sizeof buffer, 0), 0);
    Server::say(socket, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    Server::wait_for_end(socket);
  }});
  EXPECT_EQ(server.connect()->send(post(std::string(3'000'000, 'x')), "").status, 400);
}

}  // namespace
}  // namespace sundial::temporal
