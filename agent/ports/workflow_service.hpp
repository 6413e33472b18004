// Temporal as the agent speaks of it: requests and outcomes in our own words, no paths, no status codes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/core/model/action.hpp"
#include "agent/core/model/delivery.hpp"
#include "platform/base/result.hpp"
#include "platform/base/value.hpp"

namespace sundial {

using model::DeliveryAnswer;
using model::DeliveryMemory;
using model::DeliveryOutcome;

struct WorkflowDescription {
  std::string workflow_id, run_id, first_run_id, type, status;  // status in the words of the reference
  std::optional<Instant> start_time, execution_time, close_time;
  Value details;  // pending activities, memo, search attributes
};

struct WorkflowResult {
  std::string status;  // "running": not yet
  Value result;
  Value failure;                   // {message, type, cause}
  std::optional<Instant> ended{};  // by the service's clock
};

// Blocking calls with a total deadline each; used from worker threads, one call at a time a connection.
class WorkflowService {
 public:
  virtual ~WorkflowService() = default;

  virtual DeliveryAnswer deliver(const model::OutboxRecord& record, DeliveryMemory& memory) = 0;

  // The cheap question whether the frontend answers and the namespace is there; where it is not, `refusal`
  // is not_found.
  virtual DeliveryAnswer probe() = 0;

  virtual Result<WorkflowDescription> describe(const std::string& workflow_id, const std::string& run_id) = 0;
  // Waits up to `wait` for the end, following continue-as-new and retries.
  virtual Result<WorkflowResult> result(const std::string& workflow_id, const std::string& run_id,
                                        Millis wait) = 0;
  virtual Result<Value> history(const std::string& workflow_id, const std::string& run_id,
                                const std::string& page_token, int limit) = 0;
  virtual Result<Value> query(const std::string& workflow_id, const std::string& name,
                              const List& arguments) = 0;
  virtual Result<Value> update(const std::string& workflow_id, const std::string& name,
                               const std::string& update_id, const List& arguments, Millis wait) = 0;
  virtual Result<Value> list(const std::string& query, const std::string& page_token, int limit) = 0;
  virtual Result<std::int64_t> count(const std::string& query) = 0;
};

}  // namespace sundial
