// Opening the journal: what is there is read, what is damaged is said, and what is open is made safe.
#include <algorithm>

#include "agent/adapters/journal/file_journal.hpp"

namespace sundial {

using journal::Frame;
using journal::FrameKind;
using journal::Reading;
using journal::Segment;

FileJournal::FileJournal(Disk& disk, Log& log, JournalOptions options, JournalPosition committed)
    : disk_(disk), log_(log), options_(std::move(options)), committed_(committed.offset) {}

Result<std::unique_ptr<FileJournal>> FileJournal::open(Disk& disk, Log& log, JournalOptions options,
                                                       JournalPosition committed,
                                                       const JournalVisitor& visit) {
  std::unique_ptr<FileJournal> journal(new FileJournal(disk, log, std::move(options), committed));
  if (auto done = journal->find_segments(); !done) return done.error();
  if (journal->spare_size_ != 0 && !journal->may_keep_spare() &&
      disk.remove(journal->path(journal::kSpareName))) {
    journal->spare_size_ = 0;  // its room is needed for what is to be removed elsewhere
  }
  if (auto done = journal->read_segments(visit); !done) return done.error();
  journal->commit(committed);
  return journal;
}

Result<void> FileJournal::find_segments() {
  if (auto done = disk_.make_directory(options_.directory); !done) return done;
  const auto names = disk_.list(options_.directory);
  if (!names) return names.error();
  for (const std::string& name : *names) {
    if (name == journal::kSpareName) spare_size_ = options_.segment_bytes;
    const auto base = journal::segment_base(name);
    if (!base) continue;
    auto segment = journal::open_segment(disk_, path(name));
    if (!segment && segment.error().kind() == ErrorKind::corrupt) {
      set_aside(name, "its header is damaged; nothing of it can be read");
    } else if (!segment) {
      return segment.error();
    } else if (segment->base != *base) {
      // A power cut came while it was made into the next segment: its old entries were committed.
      if (auto done = disk_.rename(path(name), path(journal::kSpareName)); !done) return done;
      spare_size_ = segment->size;
    } else {
      segments_.push_back(std::move(*segment));
    }
  }
  return {};
}

Result<void> FileJournal::read_segments(const JournalVisitor& visit) {
  Reading reading;
  for (Segment& segment : segments_) {
    const auto read = journal::read_segment(segment, [&visit](std::uint64_t end, const Frame& frame) {
      visit({JournalPosition{end}, frame.kind == FrameKind::preamble, frame.bytes});
    });
    if (!read) return read.error();
    reading = *read;
    const bool last = &segment == &segments_.back();
    // In the last one a hole may be what a power cut left of writes that nobody was told were safe.
    segment.damaged = !last && (reading.skipped > 0 || !reading.sealed);
    if (segment.damaged || reading.skipped > 0) {
      log_.error("journal.damaged", "a part of the input journal can't be read; going on with the rest",
                 {{"file", journal::segment_name(segment.base)}, {"unreadable_bytes", reading.skipped}});
    }
  }
  if (segments_.empty()) {
    next_ = (committed_ + 7) / 8 * 8;
    synced_ = next_;
    return {};
  }
  return continue_last(reading);
}

Result<void> FileJournal::continue_last(const Reading& reading) {
  const Segment& last = segments_.back();
  next_ = reading.end;
  const std::uint64_t from = std::max(committed_, last.base + journal::kSegmentHeader);
  if (auto done = make_safe(from, next_); !done) return done;
  synced_ = next_;
  if (next_ < committed_) {
    // The store knows of more than the journal: with a sync by interval, a power cut took the tail.
    if (auto done = seal_current(); !done) return done;
  } else if (!reading.sealed) {
    return {};
  }
  next_ = std::max(last.end(), (committed_ + 7) / 8 * 8);
  synced_ = next_;
  return {};
}

// What is read is not yet safe, nor the name of its file: an earlier sync may have failed, or never come.
// After one that failed the next says nothing of what that was to write, so it is written again.
Result<void> FileJournal::make_safe(std::uint64_t from, std::uint64_t to) {
  const Segment& last = segments_.back();
  if (auto done = disk_.sync_directory(options_.directory); !done || from >= to) return done;
  std::string bytes(static_cast<std::size_t>(to - from), '\0');
  if (auto count = last.file->read_at(from - last.base, bytes); !count) return count.error();
  if (auto done = last.file->write_at(from - last.base, bytes); !done) return done;
  return last.file->sync();
}

}  // namespace sundial
