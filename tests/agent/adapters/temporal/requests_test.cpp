// What goes out to a frontend: the trace in a request's headers, what --verbose shows of it, names looked up.
#include "agent/adapters/temporal/requests.hpp"

#include <gtest/gtest.h>

#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "agent/adapters/temporal/resolver.hpp"
#include "agent/adapters/temporal/shown_transport.hpp"

namespace sundial::temporal {
namespace {

constexpr std::string_view kParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

class Traced : public testing::Test {
 protected:
  Traced() {
    record_.action.set("id", "w");
    record_.action.set("workflow", "W");
    record_.action.set("name", "s");
  }

  static bool carries(const Result<Call>& call) {
    return call && call->body.find("\"_tracer-data\"") != std::string::npos;
  }

  Sender sender_{"default", "q", "pi", "sundial@pi", nullptr};
  model::OutboxRecord record_;
};

TEST_F(Traced, AStartAndASignalCarryTheTraceWhereSdksLook) {
  EXPECT_FALSE(carries(start_call(sender_, record_, {})));
  EXPECT_FALSE(carries(signal_call(sender_, record_, "")));
  record_.origin.trace = kParent;
  EXPECT_TRUE(carries(start_call(sender_, record_, {})));
  EXPECT_TRUE(carries(signal_call(sender_, record_, "")));
  EXPECT_TRUE(carries(signal_with_start_call(sender_, record_)));
}

TEST_F(Traced, TheActionsOwnHeadersStayAndWin) {
  record_.origin.trace = kParent;
  Map own;
  own.set("tenant", "a");
  record_.action.set("headers", own);
  const auto both = start_call(sender_, record_, {});
  EXPECT_TRUE(carries(both));
  EXPECT_NE(both->body.find("\"tenant\""), std::string::npos);
  own.set("_tracer-data", "mine");
  record_.action.set("headers", own);
  const auto call = start_call(sender_, record_, {});
  ASSERT_TRUE(call);
  EXPECT_EQ(call->body.find("_tracer-data"), call->body.rfind("_tracer-data"));
}

TEST(Traceparent, OnlyTheFormOfTraceContext) {
  EXPECT_TRUE(model::is_traceparent(kParent));
  EXPECT_EQ(model::trace_id_of(kParent), "0af7651916cd43dd8448eb211c80319c");
  for (const char* bad : {"", "00", "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                          "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
                          "00-00000000000000000000000000000000-b7ad6b7169203331-01",
                          "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
                          "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
                          "00_0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331_01"}) {
    EXPECT_FALSE(model::is_traceparent(bad)) << bad;
  }
}

class Answering : public Transport {
 public:
  Reply send(const Call& /*call*/) override { return reply; }
  Reply reply;
};

TEST(ShownTransport, ShowsTheExchangeAndNoControlCharacters) {
  Answering inner;
  inner.reply.kind = Reply::Kind::answered;
  inner.reply.status = 200;
  inner.reply.body = "{\"a\":1}\x1b[31m";
  std::string shown;
  ShownTransport transport(
      inner, [&shown](const std::string& line) { shown += line + "\n"; }, true);
  Call call;
  call.method = "POST";
  call.path = "/api/v1/x";
  call.body = "{}";
  EXPECT_EQ(transport.send(call).status, 200);
  EXPECT_TRUE(shown.starts_with("> POST /api/v1/x  Authorization: Bearer ****\n> {}\n< 200 after ")) << shown;
  EXPECT_NE(shown.find("{\"a\":1}"), std::string::npos);
  EXPECT_EQ(shown.find('\x1b'), std::string::npos);
  inner.reply = {};
  inner.reply.problem = "nobody is there";
  transport.send(call);
  EXPECT_NE(shown.find("no answer after"), std::string::npos);
  EXPECT_NE(shown.find("nobody is there"), std::string::npos);
}

TEST(Resolver, SaysThatNoThreadIsToBeHad) {
  bool none = true;
  Resolver resolver([&none](std::function<void()> work) {
    if (none) throw std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again));
    std::thread(std::move(work)).detach();
  });
  const auto refused = resolver.look_up("localhost", std::chrono::seconds(5));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind(), ErrorKind::unavailable);
  none = false;
  EXPECT_TRUE(resolver.look_up("localhost", std::chrono::seconds(5))) << "and tries anew";
}

TEST(Resolver, FindsNamesAndSaysWhichAreNone) {
  Resolver resolver;
  EXPECT_TRUE(resolver.look_up("127.0.0.1", Millis(0)));  // without any lookup
  EXPECT_TRUE(resolver.look_up("::1", Millis(0)));
  EXPECT_TRUE(resolver.look_up("localhost", Millis(10'000)));
  EXPECT_TRUE(resolver.look_up("localhost", Millis(10'000)));
  const auto none = resolver.look_up(std::string(300, 'x'), Millis(10'000));  // longer than a name can be
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind(), ErrorKind::unavailable);
}

}  // namespace
}  // namespace sundial::temporal
