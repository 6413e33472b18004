// The bytes of a journal segment: its header, and the frames that hold one entry each.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sundial::journal {

enum class FrameKind : std::uint8_t {
  entry = 1,
  preamble = 2,
  seal = 3
};  // seal: the segment was left in order

inline constexpr std::size_t kSegmentHeader = 32;
inline constexpr std::size_t kFrameHeader = 24;

// The salt is another one each time that a file is used again: no frame of its former life is valid.
struct SegmentHeader {
  std::uint64_t base = 0;  // the position of the segment's first byte
  std::uint32_t salt = 0;
};

std::string encode_header(const SegmentHeader& header);
std::optional<SegmentHeader> decode_header(std::string_view bytes);

// With its padding. The frame knows its own position, so that it is valid in one place only.
void append_frame(std::string& to, FrameKind kind, std::string_view bytes, std::uint64_t position,
                  std::uint32_t salt);
std::size_t frame_size(std::size_t bytes);

struct Frame {
  FrameKind kind = FrameKind::entry;
  std::string_view bytes;
  std::size_t size = 0;  // with header and padding
};

// The frame that begins with these bytes, where there is a valid one.
std::optional<Frame> decode_frame(std::string_view bytes, std::uint64_t position, std::uint32_t salt);

}  // namespace sundial::journal
