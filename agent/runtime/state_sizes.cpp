// Parts of max_size, and of the disk.
#include "agent/runtime/state_sizes.hpp"

#include <algorithm>

namespace sundial::runtime {
namespace {

constexpr std::uint64_t kLogsOfAll = 32;
constexpr std::uint64_t kSegmentsOfAll = 32;
constexpr std::uint64_t kLargestSegment = 1024 * 1024;
constexpr std::uint64_t kSmallestPart = 64 * 1024;
constexpr std::uint64_t kBesidePayload = 64 * 1024;  // of an entry in the journal
constexpr std::uint64_t kLedgerEntry = 256;
constexpr std::uint64_t kMostLedgerEntries = 50'000;

}  // namespace

StateSizes state_sizes(const model::StoreSettings& store, std::int64_t max_payload, const DiskRoom& room) {
  StateSizes sizes;
  sizes.max_size = std::min(static_cast<std::uint64_t>(store.max_size), room.total / 2);
  sizes.log = std::max(sizes.max_size / kLogsOfAll, kSmallestPart);
  sizes.dead = sizes.max_size / 10;
  sizes.ledger_entries = std::min(kMostLedgerEntries, room.total / 16 / kLedgerEntry);
  sizes.segment = std::clamp(sizes.max_size / kSegmentsOfAll, kSmallestPart / 2, kLargestSegment);
  // Whatever is let in must fit.
  sizes.journal = std::max(sizes.max_size / 5, static_cast<std::uint64_t>(max_payload) + kBesidePayload);
  // The log at its largest, what it puts into the database, and two files of the journal.
  sizes.reserve = 2 * (sizes.log + sizes.segment);
  return sizes;
}

}  // namespace sundial::runtime
