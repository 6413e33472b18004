// UTF-8, encodings and the safe forms of foreign text.
#include "platform/base/text.hpp"

#include <gtest/gtest.h>

namespace sundial {
namespace {

TEST(Utf8, TellsGoodFromBad) {
  EXPECT_TRUE(is_utf8("grün 🌡"));
  for (std::string_view bad :
       {std::string_view("\xff"), std::string_view("\xc0\x80"), std::string_view("\xed\xa0\x80"),
        std::string_view("\xf4\x90\x80\x80"), std::string_view("\xe2\x82")}) {
    EXPECT_FALSE(is_utf8(bad));
  }
}

TEST(Base64, RoundTripsEveryLength) {
  std::string bytes;
  for (int i = 0; i < 70; ++i) {
    EXPECT_EQ(base64_decode(base64_encode(bytes)), bytes);
    bytes += static_cast<char>(i * 37);
  }
  EXPECT_EQ(base64_encode("json/plain"), "anNvbi9wbGFpbg==");
  EXPECT_FALSE(base64_decode("a"));
  EXPECT_FALSE(base64_decode("a*=="));
}

TEST(PercentEncoding, KeepsOnlyUnreservedCharacters) {
  EXPECT_EQ(percent_encode("a b/ü~"), "a%20b%2F%C3%BC~");
  EXPECT_EQ(percent_decode("a%20b%2F%C3%BC~"), "a b/ü~");
  EXPECT_FALSE(percent_decode("%2"));
  EXPECT_FALSE(percent_decode("%zz"));
}

TEST(Printable, LeavesNoControlCharacter) {
  EXPECT_EQ(printable("a\nb\x1b[2J\xff"), "a\\nb\\x1b[2J\\xff");
  EXPECT_EQ(printable("123456", 3), "123…");
}

TEST(DidYouMean, OffersOnlyWhatIsNear) {
  EXPECT_EQ(did_you_mean("cooldwn", {"cooldown", "hold"}), "cooldown");
  EXPECT_FALSE(did_you_mean("zebra", {"cooldown", "hold"}));
}

}  // namespace
}  // namespace sundial
