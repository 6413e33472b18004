// Known answers for digests and codes, and what encryption must refuse.
#include "platform/crypto/crypto.hpp"

#include <gtest/gtest.h>

#include "platform/base/text.hpp"
#include "platform/crypto/key_file.hpp"

namespace sundial::crypto {
namespace {

TEST(Crypto, KnownDigests) {
  EXPECT_EQ(hex_encode(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex_encode(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Crypto, ComparesWholeTexts) {
  EXPECT_TRUE(equal_in_constant_time("abc", "abc"));
  EXPECT_FALSE(equal_in_constant_time("abc", "abd"));
  EXPECT_FALSE(equal_in_constant_time("abc", "ab"));
}

TEST(Crypto, RandomBytesDiffer) {
  EXPECT_NE(*random_bytes(16), *random_bytes(16));
}

TEST(Crypto, OpensOnlyWhatThisKeySealed) {
  const std::string key(kKeyBytes, 'k');
  const auto sealed = aes_gcm_seal(key, "21.5 degrees");
  ASSERT_TRUE(sealed);
  EXPECT_EQ(sealed->size(), kNonceBytes + 12 + kTagBytes);
  EXPECT_EQ(*aes_gcm_open(key, *sealed), "21.5 degrees");
  EXPECT_NE(*sealed, *aes_gcm_seal(key, "21.5 degrees"));
  EXPECT_EQ(aes_gcm_open(std::string(kKeyBytes, 'x'), *sealed).error().kind(), ErrorKind::corrupt);
  for (std::size_t i = 0; i < sealed->size(); ++i) {
    std::string changed = *sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(aes_gcm_open(key, changed)) << i;
  }
  EXPECT_FALSE(aes_gcm_open(key, "short"));
  EXPECT_FALSE(aes_gcm_seal("short key", "text"));
}

// Ciphertext of Python's cryptography package (AESGCM), which Temporal's samples use.
TEST(Crypto, ReadsWhatOtherLibrariesSeal) {
  const auto sealed = base64_decode("AAECAwQFBgcICQoLm1jvvi0a82PZSCf7l7IyWjeypKIo");
  ASSERT_TRUE(sealed);
  const auto opened = aes_gcm_open("test-key-test-key-test-key-test!", *sealed);
  ASSERT_TRUE(opened) << opened.error().message();
  EXPECT_EQ(*opened, "hello");
}

TEST(KeyFile, TakesThreeForms) {
  const std::string raw("0123456789abcdef0123456789abcde\n");
  EXPECT_EQ(*parse_key(raw), raw);
  EXPECT_EQ(*parse_key(hex_encode(raw) + "\n"), raw);
  EXPECT_EQ(*parse_key(base64_encode(raw) + "\r\n"), raw);
  EXPECT_FALSE(parse_key(raw + "\n"));
  EXPECT_FALSE(parse_key(std::string(64, 'g')));
  EXPECT_FALSE(parse_key(""));
}

}  // namespace
}  // namespace sundial::crypto
