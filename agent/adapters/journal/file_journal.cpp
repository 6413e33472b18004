// Appending, syncing and giving back; opening is in open_journal.cpp.
#include "agent/adapters/journal/file_journal.hpp"

#include <algorithm>

namespace sundial {

using journal::FrameKind;
using journal::Segment;

namespace {

constexpr std::size_t kMostHeld = 64 * 1024;

// A frame, and the seal that may follow it.
std::uint64_t needed_for(std::size_t bytes) {
  return journal::frame_size(bytes) + journal::frame_size(0);
}

}  // namespace

Result<JournalPosition> FileJournal::append(std::string_view bytes) {
  Lock lock(mutex_);
  if (!fits(bytes.size())) return Error(ErrorKind::exhausted, "the input journal is full");
  return write_entry(lock, bytes);
}

Result<JournalPosition> FileJournal::append_lazily(std::string_view bytes) {
  Lock lock(mutex_);
  if (!fits(bytes.size())) return Error(ErrorKind::exhausted, "the input journal is full");
  if (options_.sync_always || held_.size() + bytes.size() > kMostHeld) return write_entry(lock, bytes);
  if (auto done = make_room(lock, bytes.size()); !done) return break_off(done.error());
  hold(FrameKind::entry, bytes);
  return JournalPosition{next_};
}

Result<void> FileJournal::flush() {
  const Lock lock(mutex_);
  if (broken_ && !held_.empty()) return *broken_;
  if (auto done = write_held(); !done) return break_off(done.error());
  return {};
}

Result<JournalPosition> FileJournal::append_beyond(std::string_view bytes) {
  Lock lock(mutex_);
  return write_entry(lock, bytes);
}

Result<JournalPosition> FileJournal::write_entry(Lock& lock, std::string_view bytes) {
  auto done = make_room(lock, bytes.size());
  if (done) done = write_frame(FrameKind::entry, bytes);
  const std::uint64_t end = next_;
  if (done && options_.sync_always) done = sync_up_to(lock, end);
  if (done) return JournalPosition{end};
  return break_off(done.error());
}

// Nobody knows what the disk has of this any more: all else is refused until the journal is opened again.
Error FileJournal::break_off(const Error& problem) {
  if (broken_) return *broken_;
  // A full disk is no full journal, which the next commit empties.
  const bool full = problem.kind() == ErrorKind::exhausted;
  broken_ = full ? Error(ErrorKind::unavailable, problem.message()) : problem;
  synced_something_.notify_all();
  return *broken_;
}

bool FileJournal::fits(std::size_t bytes) const {
  if (next_ <= committed_) return true;  // what is alone always fits
  return next_ + needed_for(bytes) <= committed_ + options_.max_bytes;
}

Result<void> FileJournal::sync() {
  Lock lock(mutex_);
  return sync_up_to(lock, next_);
}

bool FileJournal::needs_sync() const {
  const std::lock_guard lock(mutex_);
  return synced_ < next_;
}

Result<void> FileJournal::sync_always(bool always) {
  Lock lock(mutex_);
  while (always && synced_ < next_) {
    if (auto done = sync_up_to(lock, next_); !done) return done;
  }
  options_.sync_always = always;
  return {};
}

// One thread syncs for all that have written by then; the others wait for it or take the next turn.
Result<void> FileJournal::sync_up_to(Lock& lock, std::uint64_t target) {
  while (synced_ < target && !broken_) {
    if (syncing_) {
      synced_something_.wait(lock);
    } else {
      sync_once(lock);
    }
  }
  if (synced_ < target) return *broken_;
  return {};
}

// One that fails is never repeated: the kernel may have forgotten what it could not write, and would
// report success.
void FileJournal::sync_once(Lock& lock) {
  if (auto done = write_held(); !done) {
    break_off(done.error());
    return;
  }
  const std::uint64_t target = next_;
  const std::shared_ptr<File> file = segments_.back().file;
  syncing_ = true;
  lock.unlock();
  const auto done = file->sync();
  lock.lock();
  syncing_ = false;
  if (!done) {
    break_off(done.error());
    return;
  }
  synced_ = std::max(synced_, target);
  synced_something_.notify_all();
}

// With what is held before it, in one go.
Result<void> FileJournal::write_frame(FrameKind kind, std::string_view bytes) {
  hold(kind, bytes);
  return write_held();
}

void FileJournal::hold(FrameKind kind, std::string_view bytes) {
  const std::size_t before = held_.size();
  journal::append_frame(held_, kind, bytes, next_, segments_.back().salt);
  next_ += held_.size() - before;
}

Result<void> FileJournal::write_held() {
  if (held_.empty()) return {};
  const Segment& segment = segments_.back();
  if (auto done = segment.file->write_at(next_ - held_.size() - segment.base, held_); !done) return done;
  held_.clear();
  return {};
}

// Makes sure that the frame and the seal after it fit into the last segment.
Result<void> FileJournal::make_room(Lock& lock, std::size_t bytes) {
  const std::uint64_t needed = needed_for(bytes);
  while (true) {
    if (broken_) return *broken_;
    if (!segments_.empty() && next_ + needed <= segments_.back().end()) return {};
    if (!syncing_) break;
    synced_something_.wait(lock);  // a segment is left only when nobody syncs it
  }
  if (auto done = seal_current(); !done) return done;
  return begin_segment(needed);
}

// The seal says that nothing is missing before the next segment; all of it is synced before that is begun.
Result<void> FileJournal::seal_current() {
  if (segments_.empty() || next_ + journal::frame_size(0) > segments_.back().end()) return {};
  if (auto done = write_frame(FrameKind::seal, {}); !done) return done;
  if (auto done = segments_.back().file->sync(); !done) return done;
  synced_ = next_;
  synced_something_.notify_all();
  return {};
}

Result<void> FileJournal::begin_segment(std::uint64_t needed) {
  const std::uint64_t base = segments_.empty() ? next_ : std::max(next_, segments_.back().end());
  auto segment = prepare_segment(base, needed);
  if (!segment) return segment.error();
  segments_.push_back(std::move(segment->first));
  next_ = segment->second;
  synced_ = next_;
  return {};
}

// A segment gets its name only when its head is on the disk. Returns it with its first free position.
Result<std::pair<Segment, std::uint64_t>> FileJournal::prepare_segment(std::uint64_t base,
                                                                       std::uint64_t needed) {
  const std::string from = path(journal::kSpareName);
  // The spare's former name must be gone for good before its bytes change their meaning.
  if (spare_size_ != 0) {
    if (auto done = disk_.sync_directory(options_.directory); !done) return done.error();
  }
  auto file = disk_.open(from, Opening::create);
  if (!file) return file.error();
  Segment segment;
  segment.base = base;
  segment.salt = options_.salt + static_cast<std::uint32_t>(++segments_made_ * 0x9E3779B1U);
  segment.file = std::move(*file);
  std::string head = journal::encode_header({segment.base, segment.salt});
  const std::string preamble = options_.preamble ? options_.preamble() : std::string();
  if (!preamble.empty()) {
    journal::append_frame(head, FrameKind::preamble, preamble, base + head.size(), segment.salt);
  }
  const std::uint64_t least = (head.size() + needed + 4095) / 4096 * 4096;
  if (auto done = segment.file->preallocate(std::max(options_.segment_bytes, least)); !done)
    return done.error();
  const auto whole = segment.file->size();
  if (!whole) return whole.error();
  segment.size = *whole;
  if (auto done = segment.file->write_at(0, head); !done) return done.error();
  if (auto done = segment.file->sync(); !done) return done.error();
  if (auto done = disk_.rename(from, path(journal::segment_name(base))); !done) return done.error();
  spare_size_ = 0;
  if (auto done = disk_.sync_directory(options_.directory); !done) return done.error();
  const std::uint64_t free = base + head.size();
  return std::pair{std::move(segment), free};
}

void FileJournal::commit(JournalPosition position) {
  const std::lock_guard lock(mutex_);
  committed_ = std::max(committed_, position.offset);
  while (segments_.size() > 1 && segments_.front().end() <= committed_) {
    retire(segments_.front());
    segments_.pop_front();
  }
}

void FileJournal::retire(const Segment& segment) {
  const std::string name = journal::segment_name(segment.base);
  if (segment.damaged) return set_aside(name, "it was damaged; what could be read of it has had its effect");
  const bool keep = spare_size_ == 0 && segment.size == options_.segment_bytes && may_keep_spare();
  const auto done = keep ? disk_.rename(path(name), path(journal::kSpareName)) : disk_.remove(path(name));
  if (done && keep) spare_size_ = segment.size;
  if (!done) log_.warning("journal.not_removed", done.error().message(), {{"file", name}});
}

bool FileJournal::may_keep_spare() const {
  const auto room = disk_.room(options_.directory);
  return !room || room->free >= options_.reserve_bytes;
}

void FileJournal::set_aside(const std::string& name, std::string_view why) {
  const std::string aside = name + ".corrupt";
  const auto done = disk_.rename(path(name), path(aside));
  log_.error("journal.set_aside", done ? why : std::string_view(done.error().message()),
             {{"file", name}, {"kept_as", aside}});
}

std::string FileJournal::path(std::string_view name) const {
  return options_.directory + "/" + std::string(name);
}

JournalPosition FileJournal::end() const {
  const std::lock_guard lock(mutex_);
  return {next_};
}

std::uint64_t FileJournal::bytes() const {
  const std::lock_guard lock(mutex_);
  std::uint64_t sum = spare_size_;
  for (const Segment& segment : segments_) sum += segment.size;
  return sum;
}

}  // namespace sundial
