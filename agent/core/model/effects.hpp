// Effects: everything that the engine decided, to be committed in one transaction.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/core/model/action.hpp"
#include "platform/base/time.hpp"

namespace sundial::model {

// One decision, as `explain`, the API and the page tell it.
struct LedgerEntry {
  Instant at;
  OriginKind origin = OriginKind::rule;
  std::string id;  // the rule's or schedule's
  std::string key;
  std::string event;   // the message's id, or the due time
  std::string what;    // fired, suppressed, error, closed, evicted, late, missed, skipped, made_up, …
  std::string reason;  // cooldown, hold, overlap, catch_up, …
  std::string detail;  // for people, one line
  // How many records of the same effects were decided before it: both can be told in one order.
  std::size_t after_records = 0;
};

// A piece of state that changed since the last collection; no bytes: it is gone.
struct StateChange {
  std::string owner;  // "rule/overheat", "schedule/device-health"
  std::string key;
  std::optional<std::string> bytes;
};

// A workflow whose end a schedule wants to hear of (overlap, pause_on_failure).
struct WatchRun {
  std::string schedule;
  std::string workflow_id;
};

struct Effects {
  std::vector<OutboxRecord> records;
  std::vector<LedgerEntry> ledger;
  std::vector<WatchRun> watch;
};

// A figure under its name in the metrics, with its labels' values.
struct Count {
  std::string_view metric;
  std::string label;
  std::string second_label;
  std::uint64_t value = 0;
};

}  // namespace sundial::model
