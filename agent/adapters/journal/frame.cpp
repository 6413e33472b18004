// Frames and headers, little-endian, checksummed.
#include "agent/adapters/journal/frame.hpp"

#include "platform/base/bytes.hpp"
#include "platform/base/crc32c.hpp"

namespace sundial::journal {
namespace {

constexpr std::uint64_t kMagic = 0x314C4E52'4A444E53U;  // "SNDJRNL1"
constexpr std::size_t kAlignment = 8;

}  // namespace

std::string encode_header(const SegmentHeader& header) {
  ByteWriter writer;
  writer.put_fixed64(kMagic);
  writer.put_fixed64(header.base);
  writer.put_fixed32(header.salt);
  writer.put_fixed32(crc32c(writer.bytes()));
  std::string bytes = writer.take();
  bytes.resize(kSegmentHeader, '\0');
  return bytes;
}

std::optional<SegmentHeader> decode_header(std::string_view bytes) {
  if (bytes.size() < kSegmentHeader) return std::nullopt;
  ByteReader reader(bytes);
  if (reader.fixed64() != kMagic) return std::nullopt;
  SegmentHeader header;
  header.base = reader.fixed64();
  header.salt = reader.fixed32();
  if (reader.fixed32() != crc32c(bytes.substr(0, 20))) return std::nullopt;
  return header;
}

std::size_t frame_size(std::size_t bytes) {
  return (kFrameHeader + bytes + kAlignment - 1) / kAlignment * kAlignment;
}

void append_frame(std::string& to, FrameKind kind, std::string_view bytes, std::uint64_t position,
                  std::uint32_t salt) {
  ByteWriter writer;
  writer.put_fixed64(position);
  writer.put_fixed32(static_cast<std::uint32_t>(bytes.size()));
  writer.put_fixed32(static_cast<std::uint32_t>(kind));
  const std::uint32_t sum = crc32c(bytes, crc32c(writer.bytes(), salt));
  writer.put_fixed32(sum);
  writer.put_fixed32(0);
  const std::size_t end = to.size() + frame_size(bytes.size());
  to += writer.bytes();
  to += bytes;
  to.resize(end, '\0');
}

std::optional<Frame> decode_frame(std::string_view bytes, std::uint64_t position, std::uint32_t salt) {
  if (bytes.size() < kFrameHeader) return std::nullopt;
  ByteReader reader(bytes);
  if (reader.fixed64() != position) return std::nullopt;
  const std::size_t length = reader.fixed32();
  const std::uint32_t kind = reader.fixed32();
  const std::uint32_t sum = reader.fixed32();
  if (length > bytes.size() || frame_size(length) > bytes.size()) return std::nullopt;
  if (kind < static_cast<std::uint32_t>(FrameKind::entry) ||
      kind > static_cast<std::uint32_t>(FrameKind::seal)) {
    return std::nullopt;
  }
  const std::string_view content = bytes.substr(kFrameHeader, length);
  if (sum != crc32c(content, crc32c(bytes.substr(0, 16), salt))) return std::nullopt;
  return Frame{static_cast<FrameKind>(kind), content, frame_size(length)};
}

}  // namespace sundial::journal
