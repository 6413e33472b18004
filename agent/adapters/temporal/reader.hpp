// What people ask of workflows: describe, result, history, query, update, list, count.
#pragma once

#include <string>

#include "agent/adapters/temporal/frontend.hpp"
#include "agent/ports/workflow_service.hpp"

namespace sundial::temporal {

// "WORKFLOW_EXECUTION_STATUS_TIMED_OUT" -> "timed_out"
std::string status_word(std::string_view status);

// From any thread; each call has its total deadline.
class Reader {
 public:
  explicit Reader(Frontend& frontend) : frontend_(frontend) {}

  Result<WorkflowDescription> describe(const std::string& workflow_id, const std::string& run_id);
  Result<WorkflowResult> result(const std::string& workflow_id, const std::string& run_id, Millis wait);
  Result<Value> history(const std::string& workflow_id, const std::string& run_id,
                        const std::string& page_token, int limit);
  Result<Value> query(const std::string& workflow_id, const std::string& name, const List& arguments);
  Result<Value> update(const std::string& workflow_id, const std::string& name, const std::string& update_id,
                       const List& arguments, Millis wait);
  Result<Value> list(const std::string& query, const std::string& page_token, int limit);
  Result<std::int64_t> count(const std::string& query);

 private:
  Result<Value> decoded_fields(const Value& body, std::string_view key, std::string_view inner);

  Frontend& frontend_;
};

}  // namespace sundial::temporal
