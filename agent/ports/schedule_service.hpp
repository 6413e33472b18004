// Schedules that live on Temporal's server, in our own words: definitions with the keys of the configuration.
#pragma once

#include <optional>
#include <string>

#include "platform/base/result.hpp"
#include "platform/base/time.hpp"
#include "platform/base/value.hpp"

namespace sundial {

// Blocking calls with a deadline each. A definition's texts are values and no templates; `overlap` is one
// of the configuration's words, "" the schedule's own.
class ScheduleService {
 public:
  virtual ~ScheduleService() = default;

  virtual Result<void> create(const std::string& id, const Map& definition) = 0;  // already_exists
  virtual Result<Map> describe(const std::string& id) = 0;
  virtual Result<List> list(std::size_t most) = 0;
  // Changes what is given. ErrorKind::conflict: others changed it at the same time, again and again.
  virtual Result<void> update(const std::string& id, const Map& changes) = 0;
  virtual Result<void> pause(const std::string& id, const std::string& note) = 0;
  virtual Result<void> unpause(const std::string& id, const std::string& note) = 0;
  // Two triggers never become one. False: the server took it, and `overlap` kept it from starting a run so
  // far.
  virtual Result<bool> trigger(const std::string& id, const std::string& overlap) = 0;
  virtual Result<void> backfill(const std::string& id, Instant start, Instant end,
                                const std::string& overlap) = 0;
  virtual Result<void> remove(const std::string& id) = 0;
};

}  // namespace sundial
