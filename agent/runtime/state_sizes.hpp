// How large the parts of the state may become: by max_size, and by what the file system can hold.
#pragma once

#include <cstdint>

#include "agent/core/model/settings.hpp"
#include "platform/file.hpp"

namespace sundial::runtime {

struct StateSizes {
  std::uint64_t max_size = 0;  // of what waits
  std::uint64_t log = 0;       // of the write-ahead log
  std::uint64_t dead = 0;      // of dead letters
  std::uint64_t ledger_entries = 0;
  std::uint64_t journal = 0;  // of what is in the journal and not yet committed
  std::uint64_t segment = 0;  // of the journal's files
  // What must stay free on the disk, so that what waits can be delivered and removed.
  std::uint64_t reserve = 0;
};

// On a file system that holds less than `max_size` they are sized for half of it; what may wait there is
// bounded by the free room, as it is.
StateSizes state_sizes(const model::StoreSettings& store, std::int64_t max_payload, const DiskRoom& room);

}  // namespace sundial::runtime
