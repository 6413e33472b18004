// Encryption keys as people keep them in files.
#pragma once

#include <string>
#include <string_view>

#include "platform/base/result.hpp"

namespace sundial::crypto {

// 32 raw bytes, their 64 hexadecimal or their 44 base64 characters. A file of exactly 32 bytes is the
// raw key whatever its last byte; else the line end at its end does not count.
Result<std::string> parse_key(std::string_view file_content);

}  // namespace sundial::crypto
