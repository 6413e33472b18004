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

// A full disk is no full journal, which the next commit empties.
Error disk_error(const Error& problem) {
  return problem.kind() == ErrorKind::exhausted ? Error(ErrorKind::unavailable, problem.message()) : problem;
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
  if (auto done = make_room(lock, bytes.size()); !done) return disk_error(done.error());
  const std::size_t before = held_.size();
  journal::append_frame(held_, FrameKind::entry, bytes, next_, segments_.back().salt);
  next_ += held_.size() - before;
  return JournalPosition{next_};
}

Result<void> FileJournal::flush() {
  const Lock lock(mutex_);
  auto done = write_held(next_);
  return done ? done : disk_error(done.error());
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
  return disk_error(done.error());
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

// A sync that fails takes back what it was to make safe: so nothing that was acknowledged may wait for one.
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
  if (synced_ >= target) return {};
  Waiter self{target};
  waiters_.push_back(&self);
  while (self.state == Waiter::State::waiting) {
    if (syncing_) {
      synced_something_.wait(lock);
    } else {
      sync_once(lock);
    }
  }
  std::erase(waiters_, &self);
  if (self.state == Waiter::State::failed) return *sync_error_;
  return {};
}

void FileJournal::sync_once(Lock& lock) {
  auto written = write_held(next_);
  if (written) written = rewrite_forgotten();
  if (!written) return heed_sync(written, next_);
  const std::uint64_t target = next_;
  const std::shared_ptr<File> file = segments_.back().file;
  syncing_ = true;
  lock.unlock();
  const auto done = file->sync();
  lock.lock();
  syncing_ = false;
  heed_sync(done, target);
  synced_something_.notify_all();
}

void FileJournal::heed_sync(const Result<void>& done, std::uint64_t target) {
  if (done) {
    synced_ = std::max(synced_, target);
    for (Waiter* waiter : waiters_) {
      if (waiter->state == Waiter::State::waiting && waiter->target <= synced_)
        waiter->state = Waiter::State::synced;
    }
    return;
  }
  sync_error_ = done.error();
  for (Waiter* waiter : waiters_) {
    if (waiter->state == Waiter::State::waiting) waiter->state = Waiter::State::failed;
  }
  if (options_.sync_always) {
    take_back();
  } else {
    rewrite_unsynced_ = true;
  }
}

// What could not be synced was not acknowledged: it must not be there after a restart either, since
// whoever appended it will do so again.
void FileJournal::take_back() {
  damage_end_ = std::max(damage_end_, next_);
  next_ = synced_;
}

// Overwrites what was taken back with zeros, before anything else is written.
Result<void> FileJournal::repair() {
  if (damage_end_ <= next_) return {};
  const Segment& segment = segments_.back();
  const std::string zeros(static_cast<std::size_t>(damage_end_ - next_), '\0');
  if (auto done = segment.file->write_at(next_ - segment.base, zeros); !done) return done;
  damage_end_ = 0;
  return {};
}

// After a sync that failed the next one says nothing about what the failed one was to write.
Result<void> FileJournal::rewrite_forgotten() {
  if (!rewrite_unsynced_) return {};
  auto done = rewrite(synced_, next_);
  if (done) rewrite_unsynced_ = false;
  return done;
}

Result<void> FileJournal::rewrite(std::uint64_t from, std::uint64_t to) {
  const Segment& segment = segments_.back();
  if (from >= to) return {};
  std::string bytes(static_cast<std::size_t>(to - from), '\0');
  if (auto count = segment.file->read_at(from - segment.base, bytes); !count) return count.error();
  return segment.file->write_at(from - segment.base, bytes);
}

// With what is held before it, in one go. Where that fails the frame is gone, and the rest is held on.
Result<void> FileJournal::write_frame(FrameKind kind, std::string_view bytes) {
  const std::size_t before = held_.size();
  journal::append_frame(held_, kind, bytes, next_, segments_.back().salt);
  const std::uint64_t end = next_ + (held_.size() - before);
  if (auto done = write_held(end); !done) {
    held_.resize(before);
    damage_end_ = std::max(damage_end_, end);
    return done;
  }
  next_ = end;
  return {};
}

Result<void> FileJournal::write_held(std::uint64_t end) {
  if (held_.empty()) return {};
  const Segment& segment = segments_.back();
  if (auto done = segment.file->write_at(end - held_.size() - segment.base, held_); !done) return done;
  held_.clear();
  return {};
}

// Makes sure that the frame and the seal after it fit into the last segment.
Result<void> FileJournal::make_room(Lock& lock, std::size_t bytes) {
  const std::uint64_t needed = needed_for(bytes);
  while (true) {
    if (auto done = repair(); !done) return done.error();
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
  const std::uint64_t before = next_;
  if (auto done = write_frame(FrameKind::seal, {}); !done) return done;
  auto done = rewrite_forgotten();
  if (done) done = segments_.back().file->sync();
  if (!done) {
    damage_end_ = std::max(damage_end_, next_);
    next_ = before;
  }
  heed_sync(done, next_);
  synced_something_.notify_all();
  return done;
}

Result<void> FileJournal::begin_segment(std::uint64_t needed) {
  const std::uint64_t base = segments_.empty() ? next_ : std::max(next_, segments_.back().end());
  auto segment = prepare_segment(base, needed);
  if (!segment) return segment.error();
  segments_.push_back(std::move(segment->first));
  next_ = segment->second;
  synced_ = next_;
  damage_end_ = 0;
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
