// CRC-32C (Castagnoli): the checksum of what is kept on disk.
#pragma once

#include <cstdint>
#include <string_view>

namespace sundial {

// Of the bytes so far, continued: crc32c(b, crc32c(a)) is that of a followed by b.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t before = 0);

}  // namespace sundial
