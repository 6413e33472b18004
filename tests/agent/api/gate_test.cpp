// Who may: tokens, scopes, guessers, hosts and origins.
#include "agent/api/gate.hpp"

#include <gtest/gtest.h>

#include "tests/agent/api/surface.hpp"

namespace sundial::api {
namespace {

constexpr std::string_view kTokens = "# ours\nlooker read\nmover trigger\n\nmaster\n";

HttpRequest with_token(HttpRequest request, const std::string& token) {
  request.headers.emplace_back("authorization", "Bearer " + token);
  return request;
}

class Tokens : public testing::Test {
 protected:
  int status(const std::string& method, const std::string& target, const std::string& token) {
    HttpRequest request = surface.request(method, target);
    if (!token.empty()) request = with_token(request, token);
    return surface.ask(request)->response.status;
  }
  Surface surface{{.tokens = *parse_tokens(kTokens)}};
};

TEST_F(Tokens, ScopesAreAsWide) {
  EXPECT_EQ(status("GET", "/api/v1/status", ""), 401);
  EXPECT_EQ(status("GET", "/api/v1/status", "wrong"), 401);
  EXPECT_EQ(status("GET", "/api/v1/status", "looker"), 200);
  EXPECT_EQ(status("POST", "/trigger-workflow/a", "looker"), 403);
  EXPECT_EQ(status("POST", "/trigger-workflow/a", "mover"), 200);
  EXPECT_EQ(status("POST", "/api/v1/reload", "mover"), 403);
  EXPECT_EQ(status("POST", "/api/v1/reload", "master"), 200);
  const HttpRequest asked = with_token(surface.request("GET", "/api/v1/status"), "looker");
  EXPECT_NE(surface.ask(asked)->response.body.find(R"("http":{"denied":4})"), std::string::npos);
}

TEST_F(Tokens, SomePagesAreOpenAndUnknownOnesAreUnknown) {
  EXPECT_EQ(status("GET", "/healthz", ""), 200);
  EXPECT_EQ(status("GET", "/", ""), 200);
  EXPECT_EQ(status("GET", "/app.js", ""), 200);
  EXPECT_EQ(status("GET", "/metrics", ""), 401);
  EXPECT_EQ(status("GET", "/openapi.json", ""), 401);
  EXPECT_EQ(status("GET", "/no/such/page", ""), 404);
}

TEST_F(Tokens, GuessersWaitButARightTokenNeverDoes) {
  HttpRequest far = surface.request("GET", "/api/v1/status");
  far.peer = "192.0.2.1";
  far.peer_is_loopback = false;
  for (int i = 0; i < 10; ++i) EXPECT_EQ(surface.ask(with_token(far, "guess"))->response.status, 401);
  const auto refused = surface.ask(with_token(far, "guess"));
  EXPECT_EQ(refused->response.status, 429);
  EXPECT_EQ(refused->header("Retry-After"), "60");
  EXPECT_EQ(surface.ask(with_token(far, "looker"))->response.status, 200);
  surface.loop.run_for(std::chrono::seconds{61});
  EXPECT_EQ(surface.ask(with_token(far, "guess"))->response.status, 401);
  for (int i = 0; i < 30; ++i) EXPECT_EQ(status("GET", "/api/v1/status", "guess"), 401);
}

TEST(Gate, TokensFilesAreReadStrictly) {
  EXPECT_FALSE(parse_tokens(""));
  EXPECT_FALSE(parse_tokens("token root"));
  EXPECT_EQ(parse_tokens("a\r\nb read\r\n")->size(), 2U);
  EXPECT_EQ(new_token()->size(), 32U);
}

class Hosts : public testing::Test {
 protected:
  int status(const std::string& host, const std::string& origin = "") {
    HttpRequest request = surface.request("GET", "/healthz");
    request.headers = {{"host", host}};
    request.local_address = "192.168.1.5";
    if (!origin.empty()) request.headers.emplace_back("origin", origin);
    return surface.ask(request)->response.status;
  }
  Surface surface{{.tokens = *parse_tokens("x"),
                   .hosts = {"greenhouse.example"},
                   .device = "Pi-1",
                   .listen = "0.0.0.0:8000"}};
};

TEST_F(Hosts, OnlyKnownNamesMayBeCalled) {
  for (const char* host : {"localhost", "LOCALHOST:1", "127.0.0.1:8000", "127.8.8.8", "[::1]:8000", "pi-1",
                           "PI-1.local:80", "greenhouse.example", "192.168.1.5:8000"}) {
    EXPECT_EQ(status(host), 200) << host;
  }
  for (const char* host :
       {"evil.example", "", "127.evil.example", "localhost.evil.example", "192.168.1.6", "pi-1.lan"}) {
    EXPECT_EQ(status(host), 421) << host;
  }
}

TEST_F(Hosts, ForeignOriginsAreRefused) {
  EXPECT_EQ(status("localhost:8000", "http://localhost:8000"), 200);
  EXPECT_EQ(status("greenhouse.example", "https://Greenhouse.example"), 200);
  EXPECT_EQ(status("localhost:8000", "http://localhost:9000"), 403);
  EXPECT_EQ(status("localhost:8000", "http://evil.example"), 403);
  EXPECT_EQ(status("localhost:8000", "null"), 403);
}

}  // namespace
}  // namespace sundial::api
