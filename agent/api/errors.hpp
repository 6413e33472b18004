// How a failure looks to a caller: one shape for all of them.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "agent/ports/http_server.hpp"
#include "platform/base/error.hpp"
#include "platform/base/value.hpp"

namespace sundial::api {

// A document in the order of its members.
Map object(std::initializer_list<std::pair<std::string_view, Value>> members);

// {"error":{"code","message","type","cause"},"detail":message}
Value error_body(int status, std::string_view type, const std::string& message, Value cause = {});

// A failure by its HTTP status alone, for what never reached a route.
HttpResponse refusal(int status, const std::string& message, const std::string& request_id);

// The type that goes with a status where no ErrorKind says more.
std::string_view type_of_status(int status);

}  // namespace sundial::api
