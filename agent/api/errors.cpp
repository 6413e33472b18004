// The error object.
#include "agent/api/errors.hpp"

#include <utility>

#include "platform/json/json.hpp"

namespace sundial::api {

Map object(std::initializer_list<std::pair<std::string_view, Value>> members) {
  Map map;
  for (const auto& [name, value] : members) map.append(Value(name), value);
  return map;
}

Value error_body(int status, std::string_view type, const std::string& message, Value cause) {
  return object(
      {{"error",
        object({{"code", status}, {"message", message}, {"type", type}, {"cause", std::move(cause)}})},
       {"detail", message}});
}

HttpResponse refusal(int status, const std::string& message, const std::string& request_id) {
  return {status,
          {{"Content-Type", "application/json"},
           {"X-Request-Id", request_id},
           {"X-Content-Type-Options", "nosniff"},
           {"Cache-Control", "no-store"}},
          json::write(error_body(status, type_of_status(status), message))};
}

std::string_view type_of_status(int status) {
  switch (status) {
    case 401:
      return "unauthenticated";
    case 403:
      return "forbidden";
    case 404:
      return "not_found";
    case 405:
      return "method_not_allowed";
    case 408:
      return "timed_out";
    case 409:
      return "conflict";
    case 412:
      return "precondition_failed";
    case 413:
      return "too_large";
    case 421:
      return "misdirected";
    case 422:
      return "rejected";
    case 429:
      return "too_many_requests";
    case 500:
      return "internal";
    case 501:
      return "unsupported";
    case 503:
      return "unavailable";
    case 504:
      return "timed_out";
    default:
      return "invalid";
  }
}

}  // namespace sundial::api
