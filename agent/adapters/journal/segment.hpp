// One file of the journal: made, read to its end, and told apart from a damaged one.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "agent/adapters/journal/frame.hpp"
#include "platform/file.hpp"

namespace sundial::journal {

inline constexpr std::string_view kSpareName = "journal.spare";

std::string segment_name(std::uint64_t base);                      // journal-0000000000100000
std::optional<std::uint64_t> segment_base(std::string_view name);  // nothing: not a segment's name

struct Segment {
  std::uint64_t base = 0;
  std::uint64_t size = 0;
  std::uint32_t salt = 0;
  std::shared_ptr<File> file;
  bool damaged = false;

  std::uint64_t end() const { return base + size; }
};

// What reading a segment found.
struct Reading {
  std::uint64_t end = 0;  // position after the last valid frame
  bool sealed = false;
  std::uint64_t skipped = 0;  // bytes that are no frame, before one that is
};

using FrameVisitor = std::function<void(std::uint64_t end, const Frame& frame)>;

// Visits every valid frame. Behind a frame that is not valid it looks for the next that is: what was
// written after the damage has been acknowledged too.
Result<Reading> read_segment(const Segment& segment, const FrameVisitor& visit);

// An opened file whose header is right; `corrupt` where it is not.
Result<Segment> open_segment(Disk& disk, const std::string& path);

}  // namespace sundial::journal
