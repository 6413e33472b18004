// The input journal on files: preallocated segments that are used again when all in them is committed.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "agent/adapters/journal/segment.hpp"
#include "agent/ports/journal.hpp"
#include "platform/base/log.hpp"

namespace sundial {

struct JournalOptions {
  std::string directory;
  bool sync_always = true;                     // else sync() is called by interval
  std::uint64_t max_bytes = 64 * 1024 * 1024;  // of what is not yet committed
  std::uint64_t segment_bytes = 1024 * 1024;
  std::uint32_t salt = 0;  // another one each start
  // With less free on the disk no file is kept for later.
  std::uint64_t reserve_bytes = 0;
  // Written at the head of each new segment: what a start must know of those that are gone by then.
  // Called with the journal locked, so it must not call back.
  std::function<std::string()> preamble;
};

class FileJournal final : public Journal {
 public:
  // Reads what is there, oldest first, through `visit`; entries before `committed` too, for those who
  // must know what was accepted. Then all that was visited is on the disk.
  static Result<std::unique_ptr<FileJournal>> open(Disk& disk, Log& log, JournalOptions options,
                                                   JournalPosition committed, const JournalVisitor& visit);

  Result<JournalPosition> append(std::string_view bytes) override;
  Result<JournalPosition> append_lazily(std::string_view bytes) override;
  Result<void> flush() override;
  Result<JournalPosition> append_beyond(std::string_view bytes) override;
  Result<void> sync() override;
  bool needs_sync() const override;
  Result<void> sync_always(bool always) override;
  void commit(JournalPosition position) override;
  JournalPosition end() const override;
  std::uint64_t bytes() const override;

 private:
  FileJournal(Disk& disk, Log& log, JournalOptions options, JournalPosition committed);

  std::string path(std::string_view name) const;
  Result<void> find_segments();
  Result<void> read_segments(const JournalVisitor& visit);
  Result<void> continue_last(const journal::Reading& reading);
  Result<void> make_safe(std::uint64_t from, std::uint64_t to);
  void set_aside(const std::string& name, std::string_view why);
  void retire(const journal::Segment& segment);
  bool may_keep_spare() const;

  using Lock = std::unique_lock<std::mutex>;

  bool fits(std::size_t bytes) const;
  Result<JournalPosition> write_entry(Lock& lock, std::string_view bytes);
  Result<void> make_room(Lock& lock, std::size_t bytes);
  Result<void> begin_segment(std::uint64_t needed);
  Result<std::pair<journal::Segment, std::uint64_t>> prepare_segment(std::uint64_t base,
                                                                     std::uint64_t needed);
  Result<void> write_frame(journal::FrameKind kind, std::string_view bytes);
  void hold(journal::FrameKind kind, std::string_view bytes);
  Result<void> write_held();
  Result<void> seal_current();
  Result<void> sync_up_to(Lock& lock, std::uint64_t target);
  void sync_once(Lock& lock);
  Error break_off(const Error& problem);

  Disk& disk_;
  Log& log_;
  JournalOptions options_;  // but for `sync_always`, as they were at the start

  mutable std::mutex mutex_;
  std::condition_variable synced_something_;
  std::deque<journal::Segment> segments_;  // the last one is written to
  std::uint64_t committed_ = 0;
  std::uint64_t next_ = 0;    // where the next frame goes
  std::string held_;          // the frames before `next_` that are not written yet
  std::uint64_t synced_ = 0;  // everything before it is on the disk
  bool syncing_ = false;
  std::optional<Error> broken_;  // the first operation of the disk that failed
  std::uint64_t segments_made_ = 0;
  std::uint64_t spare_size_ = 0;  // 0: there is none
};

}  // namespace sundial
