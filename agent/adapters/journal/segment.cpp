// Reading segments: frame after frame, and over holes.
#include "agent/adapters/journal/segment.hpp"

#include <charconv>

#include <fmt/format.h>

namespace sundial::journal {
namespace {

constexpr std::string_view kPrefix = "journal-";
constexpr std::size_t kDigits = 16;
constexpr std::size_t kAlignment = 8;
// More than any message may have; a larger file is none of ours.
constexpr std::uint64_t kLargestSegment = std::uint64_t{1} << 30U;

}  // namespace

std::string segment_name(std::uint64_t base) {
  return fmt::format("{}{:016x}", kPrefix, base);
}

std::optional<std::uint64_t> segment_base(std::string_view name) {
  if (!name.starts_with(kPrefix) || name.size() != kPrefix.size() + kDigits) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  std::uint64_t base = 0;
  const auto [end, problem] = std::from_chars(name.data(), name.data() + name.size(), base, 16);
  if (problem != std::errc{} || end != name.data() + name.size()) return std::nullopt;
  return base;
}

Result<Reading> read_segment(const Segment& segment, const FrameVisitor& visit) {
  std::string content(static_cast<std::size_t>(segment.size), '\0');
  const auto count = segment.file->read_at(0, content);
  if (!count) return count.error();
  const std::string_view bytes = std::string_view(content).substr(0, *count);
  Reading reading{.end = segment.base + kSegmentHeader, .sealed = false, .skipped = 0};
  for (std::size_t at = kSegmentHeader; at + kFrameHeader <= bytes.size();) {
    const auto frame = decode_frame(bytes.substr(at), segment.base + at, segment.salt);
    if (!frame) {
      at += kAlignment;
      continue;
    }
    reading.skipped += segment.base + at - reading.end;
    at += frame->size;
    reading.end = segment.base + at;
    reading.sealed = frame->kind == FrameKind::seal;
    if (!reading.sealed) visit(reading.end, *frame);
  }
  return reading;
}

Result<Segment> open_segment(Disk& disk, const std::string& path) {
  auto file = disk.open(path, Opening::existing);
  if (!file) return file.error();
  Segment segment;
  segment.file = std::move(*file);
  const auto size = segment.file->size();
  if (!size) return size.error();
  std::string head(kSegmentHeader, '\0');
  const auto count = segment.file->read_at(0, head);
  if (!count) return count.error();
  const auto header = decode_header(std::string_view(head).substr(0, *count));
  if (!header || *size > kLargestSegment)
    return Error(ErrorKind::corrupt, path + " is no segment of a journal");
  segment.size = *size;
  segment.base = header->base;
  segment.salt = header->salt;
  return segment;
}

}  // namespace sundial::journal
