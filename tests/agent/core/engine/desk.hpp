// A desk to try rules at: a configuration, messages by the clock, and what was decided as short lines.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/engine/engine.hpp"
#include "agent/core/model/settings.hpp"
#include "platform/zones/zones.hpp"

namespace sundial::engine {

// All that is wrong with the configuration, a line each.
std::vector<std::string> problems_of(const std::string& rules);

// A line that sends these arguments to some workflow.
inline std::string signal(const std::string& args) {
  return "signal = { id = \"w\", name = \"n\", args = [" + args + "] }\n";
}

class Desk {
 public:
  // `rules` follows a [device] of the name "pi" in Europe/Berlin.
  explicit Desk(const std::string& rules);
  ~Desk();

  // Times are "12:00:05" or "12:00:05.250" of 2026-03-10, or whole RFC 3339 times.
  Desk& hear(std::string_view time, const std::string& topic, const std::string& payload,
             const model::Message& like = {});
  Desk& away(std::string_view time, bool away);
  Desk& until(std::string_view time);
  // Until no timer is running.
  Desk& finish();
  // The wall clock is set to this time; elapsed time goes on.
  Desk& step_clock(std::string_view time);
  Desk& reset(const std::string& rule, std::optional<std::string> key);
  Desk& reload(const std::string& rules);

  // Everything since the last commit is lost; the inputs since then are taken again.
  void commit();
  void crash();

  // "12:00:05.000 key [args]" of a signal, the action's JSON of anything else, "-reason" of what was
  // suppressed. Empties the list.
  std::vector<std::string> told();
  // The same with ids and request ids, for comparisons.
  std::vector<std::string> records();
  engine::Engine& engine() { return *engine_; }
  std::size_t state_rows() const { return store_.size(); }
  std::string store_dump() const;
  std::map<std::string, int> ledger() const;  // by what/reason

 private:
  void make(const std::string& rules);
  void take(const model::Input& input, Moment at);
  void note();
  Moment moment(std::string_view time) const;

  std::unique_ptr<ZoneSource> zones_ = system_zones();
  model::Configuration configuration_;
  std::unique_ptr<engine::Engine> engine_;
  std::map<std::pair<std::string, std::string>, std::string> store_;
  std::vector<std::pair<model::Input, Moment>> since_commit_;
  std::vector<model::OutboxRecord> uncommitted_;
  std::vector<std::string> committed_records_;
  model::Effects effects_;
  std::vector<std::string> told_;
  std::map<std::string, int> ledger_;
  std::size_t count_ = 0;
  Millis offset_{0};  // wall minus elapsed
  Moment now_{};
  Moment committed_at_{};
  bool begun_ = false;
};

}  // namespace sundial::engine
