// The one table that says what an answer of Temporal's HTTP API means.
#pragma once

#include <string>
#include <string_view>

#include "agent/adapters/temporal/transport.hpp"
#include "agent/ports/workflow_service.hpp"

namespace sundial::temporal {

// What the frontend said, told apart by (HTTP status, gRPC code, @type, message).
enum class Finding {
  ok,
  already_started,    // 409: the id has a run; whose, say `request_id` and `run_id`
  exists,             // 409: a schedule of this id
  workflow_unknown,   // 404
  workflow_closed,    // 404: there is one, and it has ended
  activity_gone,      // 404: completed, failed, timed out or never there
  activity_idle,      // 404: scheduled but not started, or gone
  namespace_unknown,  // 404
  wrong_path,         // 404: no such route (another generation, a wrong base path)
  query_failed,       // 400: the workflow's own refusal
  refused,            // 401, 403
  redirected,         // 3xx: a wrong base path, a login page
  not_temporal,       // an answer that no frontend gives
  overloaded,         // 429
  try_again,          // 503, 499, 504, 409 aborted, a proxy's 502
  broken,             // 500: theirs, or this very request is poison
  invalid,            // refused for good
  no_answer,          // unknown whether it arrived
  unreachable,        // certainly not arrived
};

struct Sorted {
  Finding finding = Finding::unreachable;
  std::string message;     // for people, one line
  std::string type;        // the detail's type, without the package
  std::string request_id;  // already_started: whose
  std::string run_id;      // already_started: which
  Value body;              // ok: the answer; else the error object
};

Sorted sort_answer(const Reply& reply);

// What a finding means to any record, before its kind and its earlier tries are looked at.
DeliveryAnswer usual_answer(const Sorted& sorted, const Reply& reply);

// The same for a caller that waits.
Error error_of(const Sorted& sorted);

}  // namespace sundial::temporal
