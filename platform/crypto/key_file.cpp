// Tells the three forms apart by their lengths alone.
#include "platform/crypto/key_file.hpp"

#include "platform/base/text.hpp"
#include "platform/crypto/crypto.hpp"

namespace sundial::crypto {
namespace {

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> hex_decode(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    const int high = digit(text[i]);
    const int low = digit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes.push_back(static_cast<char>(high * 16 + low));
  }
  return bytes;
}

}  // namespace

Result<std::string> parse_key(std::string_view content) {
  if (content.size() == kKeyBytes) return std::string(content);
  std::string_view text = content;
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  std::optional<std::string> key;
  if (text.size() == 2 * kKeyBytes) key = hex_decode(text);
  if (text.size() == 44) key = base64_decode(text);
  if (!key || key->size() != kKeyBytes) {
    return Error(ErrorKind::invalid, "is no key: 32 raw bytes, 64 hexadecimal or 44 base64 characters are");
  }
  return *key;
}

}  // namespace sundial::crypto
