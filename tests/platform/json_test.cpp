// JSON in and out: exact numbers, bounded depth, one line out.
#include "platform/json/json.hpp"

#include <gtest/gtest.h>

namespace sundial::json {
namespace {

std::string round_trip(std::string_view text) {
  const auto value = parse(text);
  return value ? write(*value) : "error: " + value.error().message();
}

TEST(Json, KeepsNumbersAsTheyWere) {
  EXPECT_EQ(round_trip("[9007199254740993,21.0,1e2,-0,9223372036854775807]"),
            "[9007199254740993,21.0,100.0,0,9223372036854775807]");
  EXPECT_TRUE(parse("9223372036854775808")->is<double>());
}

TEST(Json, TellsTooMuchFromNoJson) {
  EXPECT_EQ(parse("1e999").error().kind(), ErrorKind::exhausted);
  EXPECT_EQ(parse(std::string(100'000, '[')).error().kind(), ErrorKind::exhausted);
  for (const char* text : {"", "{", "[1,]", "nul", "1 2", "\"\xff\"", "NaN", "01"}) {
    ASSERT_FALSE(parse(text)) << text;
    EXPECT_EQ(parse(text).error().kind(), ErrorKind::invalid) << text;
  }
}

TEST(Json, TheLastOfRepeatedMembersCounts) {
  EXPECT_EQ(round_trip(R"({"a":1,"b":2,"a":3,"a":4})"), R"({"a":4,"b":2})");
}

TEST(Json, EscapesWhatMustBe) {
  EXPECT_EQ(write(Value("a\"\\\n\x01")), R"("a\"\\\n\u0001")");
  EXPECT_EQ(write(Value(std::string("\xff"))), "\"\xEF\xBF\xBD\"");
}

TEST(Json, WritesCelTypes) {
  EXPECT_EQ(write(Value(Timestamp{0, 250'000'000})), "\"1970-01-01T00:00:00.25Z\"");
  EXPECT_EQ(write(Value(TimeSpan{-1, -500'000'000})), "\"-1.5s\"");
  EXPECT_EQ(write(Value(Bytes{"json/plain"})), "\"anNvbi9wbGFpbg==\"");
  Map map;
  map.append(Value(1), Value(true));
  EXPECT_EQ(write(Value(map)), R"({"1":true})");
  EXPECT_EQ(write(Value(Verbatim{"{ \"raw\" : 1.0 }"})), "{ \"raw\" : 1.0 }");
}

}  // namespace
}  // namespace sundial::json
