// The framing of answers, whole and byte by byte, and what is refused.
#include "agent/adapters/temporal/response_reader.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sundial::temporal {
namespace {

using State = ResponseReader::State;

struct Read {
  State state;
  Response response;
};

Read read(std::string_view text, std::size_t step, bool ends = false) {
  ResponseReader reader(100);
  for (std::size_t at = 0; at < text.size(); at += step) reader.feed(text.substr(at, step));
  if (ends) reader.ended();
  return {reader.state(), reader.take()};
}

TEST(ResponseReader, ReadsALengthHoweverItComes) {
  const std::string text =
      "HTTP/1.1 200 OK\r\nDATE: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-type: *\r\nX: \r\ncontent-Length:  "
      "5 "
      "\r\nRetry-After: 7\r\n\r\nhello";
  for (std::size_t step = 1; step <= text.size(); ++step) {
    const auto [state, response] = read(text, step);
    ASSERT_EQ(state, State::complete) << step;
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "hello");
    EXPECT_EQ(response.date, "Sun, 06 Nov 1994 08:49:37 GMT");
    EXPECT_EQ(response.retry_after, "7");
    EXPECT_TRUE(response.keep_alive);
  }
}

TEST(ResponseReader, ReadsChunksHoweverTheyCome) {
  const std::string text =
      "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: Chunked\r\n\r\n"
      "5\r\nhello\r\n1;a=b\r\n,\r\n00A\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n";
  for (std::size_t step = 1; step <= text.size(); ++step) {
    const auto [state, response] = read(text, step);
    ASSERT_EQ(state, State::complete) << step;
    EXPECT_EQ(response.status, 404);
    EXPECT_EQ(response.body, "hello,0123456789");
  }
}

TEST(ResponseReader, KnowsWhenTheConnectionMayGoOn) {
  const auto keeps = [](const std::string& head, const std::string& behind = "") {
    return read(head + "Content-Length: 0\r\n\r\n" + behind, 1000).response.keep_alive;
  };
  EXPECT_TRUE(keeps("HTTP/1.1 200\r\n"));
  EXPECT_FALSE(keeps("HTTP/1.1 200 OK\r\nConnection: x, Close\r\n"));
  EXPECT_FALSE(keeps("HTTP/1.0 200 OK\r\n"));
  EXPECT_TRUE(keeps("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n"));
  EXPECT_FALSE(keeps("HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\n")) << "an answer that nobody asked for";
}

TEST(ResponseReader, WhatHasNoLengthEndsWithTheConnection) {
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\n\r\nhel", 7).state, State::reading);
  const auto [state, response] = read("HTTP/1.1 200 OK\r\n\r\nhello", 7, true);
  EXPECT_EQ(state, State::complete);
  EXPECT_EQ(response.body, "hello");
  EXPECT_FALSE(response.keep_alive);
}

TEST(ResponseReader, SomeAnswersHaveNoBodyAndSomeComeBeforeTheAnswer) {
  EXPECT_EQ(read("HTTP/1.1 204 No Content\r\n\r\n", 5).state, State::complete);
  EXPECT_EQ(read("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", 5).state, State::complete);
  const auto [state, response] = read(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 E\r\nA: b\r\n\r\nHTTP/1.1 201 C\r\nContent-Length: "
      "1\r\n\r\nx",
      3);
  EXPECT_EQ(state, State::complete);
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.body, "x");
}

TEST(ResponseReader, HalfAnAnswerIsNone) {
  const std::string whole = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
  for (std::size_t length = 1; length < whole.size(); ++length) {
    EXPECT_EQ(read(whole.substr(0, length), 8, true).state, State::garbled) << length;
  }
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", 8, true).state,
            State::garbled);
}

TEST(ResponseReader, NothingGrowsWithoutBound) {
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n", 9).state, State::too_long);
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", 9).state, State::garbled);
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\n\r\n" + std::string(101, 'x'), 9).state, State::too_long);
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(read(chunked + "64\r\n" + std::string(100, 'x') + "\r\n1\r\n", 9).state, State::too_long);
  EXPECT_EQ(read(chunked + "1;" + std::string(70'000, 'x'), 900).state, State::too_long);
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\nA: " + std::string(70'000, 'x'), 900).state, State::too_long);
}

TEST(ResponseReader, WhatIsNoHttpOrTwoThingsAtOnceIsRefusedAtOnce) {
  for (const std::string_view text : {
           std::string_view("\0\0\6\4\0\0\0\0\0", 9),  // HTTP/2's settings
           std::string_view("220 mail.example ESMTP\r\n"),
           std::string_view("HTTP/2 200 OK\r\n\r\n"),
           std::string_view("HTTP/1.1 2000 OK\r\n\r\n"),
           std::string_view("HTTP/1.1 20x OK\r\n\r\n"),
           std::string_view("HTTP/1.1 101 Switching\r\n\r\n"),
           std::string_view("HTTP/1.1 200 OK\r\nno colon\r\n\r\n"),
           std::string_view("HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n"),
           std::string_view("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"),
           std::string_view("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"),
           std::string_view("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"),
           std::string_view("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"),
           std::string_view("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n"),
           std::string_view("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n"),
           std::string_view("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\n"),
       }) {
    EXPECT_EQ(read(text, 4).state, State::garbled) << text;
  }
}

}  // namespace
}  // namespace sundial::temporal
