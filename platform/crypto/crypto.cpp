// Over OpenSSL's EVP interface.
#include "platform/crypto/crypto.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <array>
#include <limits>
#include <memory>

namespace sundial::crypto {
namespace {

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* bytes_of(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

constexpr std::size_t kLongest = std::numeric_limits<int>::max() / 2;

Error failed() {
  return {ErrorKind::internal, "OpenSSL could not do AES-256-GCM"};
}

}  // namespace

std::string sha256(std::string_view data) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(bytes_of(data), data.size(), bytes_of(digest));
  return digest;
}

std::string hmac_sha256(std::string_view key, std::string_view data) {
  std::string code(SHA256_DIGEST_LENGTH, '\0');
  unsigned int length = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes_of(data), data.size(), bytes_of(code),
       &length);
  return code;
}

bool equal_in_constant_time(std::string_view left, std::string_view right) {
  return left.size() == right.size() && CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

Result<std::string> random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  if (count > kLongest || RAND_bytes(bytes_of(bytes), static_cast<int>(count)) != 1) {
    return Error(ErrorKind::internal, "the system has no random numbers");
  }
  return bytes;
}

Result<std::string> aes_gcm_seal(std::string_view key, std::string_view plaintext) {
  if (key.size() != kKeyBytes || plaintext.size() > kLongest) return failed();
  const auto nonce = random_bytes(kNonceBytes);
  if (!nonce) return nonce.error();
  const Context context(EVP_CIPHER_CTX_new());
  std::string sealed = *nonce;
  sealed.resize(kNonceBytes + plaintext.size() + kTagBytes);
  unsigned char* text = bytes_of(sealed) + kNonceBytes;
  int written = 0;
  int rest = 0;
  const bool fine =
      EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, bytes_of(key), bytes_of(*nonce)) == 1 &&
      EVP_EncryptUpdate(context.get(), text, &written, bytes_of(plaintext),
                        static_cast<int>(plaintext.size())) == 1 &&
      EVP_EncryptFinal_ex(context.get(), text + written, &rest) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, text + plaintext.size()) == 1;
  if (!fine) return failed();
  return sealed;
}

Result<std::string> aes_gcm_open(std::string_view key, std::string_view sealed) {
  if (key.size() != kKeyBytes || sealed.size() > kLongest) return failed();
  if (sealed.size() < kNonceBytes + kTagBytes) return Error(ErrorKind::corrupt, "too short to be encrypted");
  const std::size_t length = sealed.size() - kNonceBytes - kTagBytes;
  const Context context(EVP_CIPHER_CTX_new());
  std::string plaintext(length, '\0');
  std::string tag(sealed.substr(kNonceBytes + length));
  int written = 0;
  int rest = 0;
  const bool fine =
      EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, bytes_of(key), bytes_of(sealed)) == 1 &&
      EVP_DecryptUpdate(context.get(), bytes_of(plaintext), &written, bytes_of(sealed.substr(kNonceBytes)),
                        static_cast<int>(length)) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, tag.data()) == 1 &&
      EVP_DecryptFinal_ex(context.get(), bytes_of(plaintext) + written, &rest) == 1;
  if (!fine) return Error(ErrorKind::corrupt, "encrypted with another key, or changed since");
  return plaintext;
}

}  // namespace sundial::crypto
