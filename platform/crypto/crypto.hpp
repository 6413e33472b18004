// The little cryptography that we need, over OpenSSL: authentication codes, digests, randomness, and
// AES-256-GCM.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "platform/base/result.hpp"

namespace sundial::crypto {

// 32 bytes each.
std::string sha256(std::string_view data);
std::string hmac_sha256(std::string_view key, std::string_view data);

// Takes as long for a near miss as for a far one; only the lengths may be told by the time it takes.
bool equal_in_constant_time(std::string_view left, std::string_view right);

// From the kernel; fails only where the system is broken.
Result<std::string> random_bytes(std::size_t count);

inline constexpr std::size_t kKeyBytes = 32;
inline constexpr std::size_t kNonceBytes = 12;
inline constexpr std::size_t kTagBytes = 16;

// AES-256-GCM with a fresh random nonce: nonce, ciphertext, tag, one after another.
Result<std::string> aes_gcm_seal(std::string_view key, std::string_view plaintext);
// ErrorKind::corrupt where the tag does not fit: another key, or other bytes than were sealed.
Result<std::string> aes_gcm_open(std::string_view key, std::string_view sealed);

}  // namespace sundial::crypto
