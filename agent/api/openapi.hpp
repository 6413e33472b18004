// /openapi.json, made from the table that routes.
#pragma once

#include <string>

#include "agent/api/route.hpp"
#include "platform/base/value.hpp"

namespace sundial::api {

Value openapi_document(const Routes& routes, const std::string& version);

}  // namespace sundial::api
