// The table of calls: one line gives a call's route, who may, its handler and its documentation.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/api/exchange.hpp"
#include "agent/api/gate.hpp"

namespace sundial::api {

struct Desk;
using Handler = void (*)(Desk& desk, const ExchangePtr& exchange);

struct ParameterDoc {
  std::string_view name;
  std::string_view help;
};

struct RouteDoc {
  std::string_view summary;
  std::vector<int> answers;  // the statuses of its own, beside those that any call may have
  std::vector<ParameterDoc> query = {};
  std::vector<MemberDoc> body = {};
  std::string_view content_type = "application/json";
};

struct Route {
  std::string_view method;
  std::string_view pattern;  // "/api/v1/rules/{id}"; a last "{id*}" takes slashes too
  Scope scope;
  Handler handler;
  RouteDoc doc;
};

using Routes = std::vector<Route>;

// The groups of the table, one a file.
Routes lab_routes();
Routes agent_routes();
Routes schedule_routes();
Routes rule_routes();
Routes outbox_routes();
Routes event_routes();
Routes record_routes();
Routes workflow_routes();
Routes page_routes();

const Routes& all_routes();

// What a path matched.
struct Match {
  const Route* route = nullptr;
  Parameters arguments;
  std::string allowed;  // where only the method was wrong: those that are right
};

// invalid: the path is not percent-encoded UTF-8; not_found: no route has it. HEAD is taken for GET.
Result<Match> find_route(const Routes& routes, std::string_view method, std::string_view path);

}  // namespace sundial::api
