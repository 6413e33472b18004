// SHA-256 for names that must not clash. Not for secrets: those go through platform/crypto.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace sundial {

// As 64 lowercase hexadecimal digits.
std::string sha256_hex(std::string_view bytes);

}  // namespace sundial
