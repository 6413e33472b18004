// The input journal: what was accepted, in order, safe before it is acknowledged.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "agent/ports/store.hpp"
#include "platform/base/result.hpp"

namespace sundial {

// One entry, as a start reads it back.
struct JournalEntry {
  JournalPosition end;  // committed up to here, it has had its effect
  bool preamble = false;
  std::string_view bytes;  // as long as the call
};
using JournalVisitor = std::function<void(const JournalEntry&)>;

class Journal {
 public:
  virtual ~Journal() = default;

  // From any thread. Returns when the entry is as safe as the journal was opened for: on the disk, or
  // (by interval) out of this process.
  // `exhausted`: the journal holds as much as it may, until more of it is committed; nothing was written.
  // Any other kind: the disk failed, or has no space. Then all is refused until the journal is opened
  // again, and whether it holds the entry is known by then.
  virtual Result<JournalPosition> append(std::string_view bytes) = 0;
  // For what nobody is told is safe: where `append` does not sync, it may stay in this process until
  // `flush`, `append` or `sync`. It has its place in the order.
  virtual Result<JournalPosition> append_lazily(std::string_view bytes) = 0;
  // What stayed is out of this process.
  virtual Result<void> flush() = 0;
  // As `append`, but never `exhausted`: what a start has to say, before any commit can make room.
  virtual Result<JournalPosition> append_beyond(std::string_view bytes) = 0;

  // What was appended is on the disk when it returns. From any thread.
  virtual Result<void> sync() = 0;
  virtual bool needs_sync() const = 0;
  // Whether `append` syncs, or sync() is called by an interval; from the next entry on.
  virtual Result<void> sync_always(bool always) = 0;

  // Everything before the position has its effects in the store: its room is used again.
  virtual void commit(JournalPosition position) = 0;

  virtual JournalPosition end() const = 0;
  virtual std::uint64_t bytes() const = 0;  // on the disk
};

}  // namespace sundial
