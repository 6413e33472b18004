// The request reader over a corpus of honest and hostile requests, whole and byte by byte.
#include "agent/adapters/http/request_reader.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sundial::http {
namespace {

const BodyLimit kLimit = [](std::string_view path) { return path == "/large" ? 256U * 1024 : 64U * 1024; };

// What the reader made of the bytes: "200 METHOD path?query [body]" a request, then "STATUS" of a refusal.
std::vector<std::string> read(std::string_view bytes, std::size_t piece) {
  RequestReader reader(kLimit);
  std::vector<std::string> seen;
  while (!bytes.empty()) {
    const std::size_t taken = reader.feed(bytes.substr(0, piece));
    bytes.remove_prefix(taken);
    if (reader.state() == RequestReader::State::complete) {
      const RequestHead head = reader.take();
      const HttpRequest& request = head.request;
      seen.push_back("200 " + request.method + " " + request.path + "?" + request.query + " [" +
                     request.body + "]");
    } else if (reader.state() == RequestReader::State::refused) {
      seen.push_back(std::to_string(reader.refusal().status));
      return seen;
    }
  }
  return seen;
}

struct Case {
  const char* name;
  std::string bytes;
  std::vector<std::string> expected;
};

std::string lines(std::string_view request_line, std::string_view headers, std::string_view body = {}) {
  return std::string(request_line) + "\r\nHost: a\r\n" + std::string(headers) + "\r\n" + std::string(body);
}

std::string get(std::string_view headers) {
  return lines("GET / HTTP/1.1", headers);
}
std::string post(std::string_view headers, std::string_view body) {
  return lines("POST /p HTTP/1.1", headers, body);
}

const std::vector<Case>& corpus() {
  static const std::string chunked = "Transfer-Encoding: chunked\r\n";
  static const std::vector<Case> cases{
      {"plain", get(""), {"200 GET /? []"}},
      {"query", lines("GET /a/b?c=d&e HTTP/1.1", ""), {"200 GET /a/b?c=d&e []"}},
      {"utf-8 target", lines("GET /\xc3\xa9 HTTP/1.1", ""), {"200 GET /\xc3\xa9? []"}},
      {"length", post("Content-Length: 3\r\n", "abc"), {"200 POST /p? [abc]"}},
      {"length zero", post("Content-Length: 0\r\n", ""), {"200 POST /p? []"}},
      {"pipelined", post("Content-Length: 1\r\n", "a") + get(""), {"200 POST /p? [a]", "200 GET /? []"}},
      {"blank line before", "\r\n" + get(""), {"200 GET /? []"}},
      {"two blank lines before", "\r\n\r\n" + get(""), {"400"}},
      {"chunked", post(chunked, "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"), {"200 POST /p? [abcde]"}},
      {"trailers",
       post(chunked, "1\r\na\r\n0\r\nX-Sum: 1\r\n\r\n") + get(""),
       {"200 POST /p? [a]", "200 GET /? []"}},
      {"absolute form", "GET http://a/x HTTP/1.1\r\nHost: A\r\n\r\n", {"200 GET /x? []"}},
      {"options", lines("OPTIONS * HTTP/1.1", ""), {"200 OPTIONS *? []"}},
      {"http/1.0 without host", "GET / HTTP/1.0\r\n\r\n", {"200 GET /? []"}},

      {"two lengths", post("Content-Length: 3\r\nContent-Length: 3\r\n", "abc"), {"400"}},
      {"length list", post("Content-Length: 3, 3\r\n", "abc"), {"400"}},
      {"length with chunks", post("Content-Length: 3\r\n" + chunked, "0\r\n\r\n"), {"400"}},
      {"signed length", post("Content-Length: +3\r\n", "abc"), {"400"}},
      {"negative length", post("Content-Length: -1\r\n", "abc"), {"400"}},
      {"hexadecimal length", post("Content-Length: 0x3\r\n", "abc"), {"400"}},
      {"empty length", post("Content-Length:\r\n", ""), {"400"}},
      {"length beyond 64 bits", post("Content-Length: 99999999999999999999\r\n", ""), {"400"}},
      {"length beyond the limit", post("Content-Length: 65537\r\n", ""), {"413"}},
      {"two encodings", post(chunked + chunked, "0\r\n\r\n"), {"400"}},
      {"gzip, chunked", post("Transfer-Encoding: gzip, chunked\r\n", ""), {"501"}},
      {"identity", post("Transfer-Encoding: identity\r\n", ""), {"501"}},
      {"chunked in 1.0", "POST / HTTP/1.0\r\n" + chunked + "\r\n0\r\n\r\n", {"400"}},
      {"negative chunk", post(chunked, "-1\r\n"), {"400"}},
      {"chunk size 0x", post(chunked, "0x3\r\nabc\r\n"), {"400"}},
      {"chunk size empty", post(chunked, "\r\n"), {"400"}},
      {"chunk size beyond 64 bits", post(chunked, "fffffffffffffffff\r\n"), {"400"}},
      {"chunk size near 64 bits", post(chunked, "1\r\na\r\nffffffffffffffff\r\n"), {"413"}},
      {"chunk too long for its size", post(chunked, "1\r\nab\r\n0\r\n\r\n"), {"400"}},
      {"chunk beyond the limit", post(chunked, "10001\r\n"), {"413"}},
      {"chunk line bare lf", post(chunked, "1\na\r\n0\r\n\r\n"), {"400"}},
      {"chunk extension endless", post(chunked, "1;" + std::string(300, 'x')), {"400"}},
      {"trailer folded", post(chunked, "0\r\n X: 1\r\n\r\n"), {"400"}},

      {"bare lf", "GET / HTTP/1.1\nHost: a\n\n", {"400"}},
      {"bare lf in headers", "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", {"400"}},
      {"bare cr in a header", get("X: a\rb\r\n"), {"400"}},
      {"nul in a header", get(std::string("X: a\0b\r\n", 8)), {"400"}},
      {"escape in a header", get("X: a\x1b[0m\r\n"), {"400"}},
      {"delete in the target", lines("GET /\x7f HTTP/1.1", ""), {"400"}},
      {"nul in the target", lines(std::string_view("GET /\0 HTTP/1.1", 15), ""), {"400"}},
      {"tab in the request line", lines("GET\t/ HTTP/1.1", ""), {"400"}},
      {"two blanks", lines("GET  / HTTP/1.1", ""), {"400"}},
      {"blank in the target", lines("GET /a b HTTP/1.1", ""), {"400"}},
      {"folded header", get("X: a\r\n b\r\n"), {"400"}},
      {"folded first header", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", {"400"}},
      {"blank before the colon", get("X : a\r\n"), {"400"}},
      {"no colon", get("nonsense\r\n"), {"400"}},
      {"empty name", get(": a\r\n"), {"400"}},
      {"http/0.9", "GET /\r\n", {"400"}},
      {"http/2", lines("GET / HTTP/2.0", ""), {"505"}},
      {"http/1.10", lines("GET / HTTP/1.10", ""), {"400"}},
      {"preface of http/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {"505"}},
      {"lower-case version", lines("GET / http/1.1", ""), {"400"}},
      {"tls hello", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n", 13), {"400"}},
      {"method is no token", lines("G<T / HTTP/1.1", ""), {"400"}},
      {"long method", lines(std::string(40, 'A') + " / HTTP/1.1", ""), {"400"}},
      {"no host", "GET / HTTP/1.1\r\n\r\n", {"400"}},
      {"two hosts", get("Host: b\r\n"), {"400"}},
      {"hosts disagree", "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", {"400"}},
      {"asterisk for get", lines("GET * HTTP/1.1", ""), {"400"}},
      {"relative target", lines("GET a HTTP/1.1", ""), {"400"}},
      {"fragment", lines("GET /#x HTTP/1.1", ""), {"400"}},
      {"target not utf-8", lines("GET /\xff HTTP/1.1", ""), {"400"}},
      {"two authorizations", get("Authorization: a\r\nAuthorization: b\r\n"), {"400"}},
      {"other expectation", get("Expect: cake\r\n"), {"417"}},
      {"long target", lines("GET /" + std::string(9000, 'a') + " HTTP/1.1", ""), {"414"}},
      {"long header", get("X: " + std::string(9000, 'a') + "\r\n"), {"431"}},
      {"many headers",
       get([] {
         std::string text;
         for (int i = 0; i < 101; ++i) text += "X: a\r\n";
         return text;
       }()),
       {"431"}},
      {"headers too long",
       get([] {
         std::string text;
         for (int i = 0; i < 5; ++i) text += "X: " + std::string(8000, 'a') + "\r\n";
         return text;
       }()),
       {"431"}},
  };
  return cases;
}

TEST(RequestReader, ReadsTheCorpusTheSameWholeAndInPieces) {
  for (const Case& each : corpus()) {
    EXPECT_EQ(read(each.bytes, each.bytes.size()), each.expected) << each.name;
    EXPECT_EQ(read(each.bytes, 1), each.expected) << each.name << ", byte by byte";
    EXPECT_EQ(read(each.bytes, 7), each.expected) << each.name << ", by sevens";
  }
}

TEST(RequestReader, TheBodyLimitDependsOnThePath) {
  const std::string body(100'000, 'x');
  const std::string headers = "Content-Length: 100000\r\n";
  EXPECT_EQ(read(lines("POST /large HTTP/1.1", headers, body), 4096),
            (std::vector{"200 POST /large? [" + body + "]"}));
  EXPECT_EQ(read(lines("POST /small HTTP/1.1", headers, body), 4096), std::vector<std::string>{"413"});
}

TEST(RequestReader, SaysOnceThatTheSenderWaits) {
  RequestReader reader(kLimit);
  reader.feed(post("Expect: 100-continue\r\nContent-Length: 2\r\n", ""));
  EXPECT_TRUE(reader.take_continue());
  EXPECT_FALSE(reader.take_continue());
  reader.feed("ab");
  ASSERT_EQ(reader.state(), RequestReader::State::complete);
  EXPECT_EQ(reader.take().request.body, "ab");
}

TEST(RequestReader, KnowsWhetherTheConnectionStays) {
  const auto stays = [](const std::string& bytes) {
    RequestReader reader(kLimit);
    reader.feed(bytes);
    EXPECT_EQ(reader.state(), RequestReader::State::complete);
    return reader.take().keep_alive;
  };
  EXPECT_TRUE(stays(get("")));
  EXPECT_FALSE(stays(get("Connection: foo, Close\r\n")));
  EXPECT_FALSE(stays("GET / HTTP/1.0\r\n\r\n"));
  EXPECT_TRUE(stays("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
}

TEST(RequestReader, TakesNothingAfterARefusal) {
  RequestReader reader(kLimit);
  reader.feed("nonsense\r\n");
  ASSERT_EQ(reader.state(), RequestReader::State::refused);
  EXPECT_EQ(reader.feed("GET / HTTP/1.1\r\n"), 0U);
}

}  // namespace
}  // namespace sundial::http
