// OpenAPI 3.1 from routes.
#include "agent/api/openapi.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "platform/base/text.hpp"

namespace sundial::api {

namespace {

// "/rules/{id*}" is "/rules/{id}" there, which knows no other argument.
std::string path_of(const Route& route) {
  std::string path(route.pattern);
  std::erase(path, '*');
  return path;
}

List parameters_of(const Route& route) {
  List parameters;
  for (const std::string_view part : split(route.pattern, '/')) {
    if (part.size() < 3 || part.front() != '{') continue;
    std::string name(part.substr(1, part.size() - 2));
    std::erase(name, '*');
    parameters.emplace_back(object(
        {{"name", name}, {"in", "path"}, {"required", true}, {"schema", object({{"type", "string"}})}}));
  }
  for (const ParameterDoc& parameter : route.doc.query) {
    parameters.emplace_back(object({{"name", parameter.name},
                                    {"in", "query"},
                                    {"description", parameter.help},
                                    {"schema", object({{"type", "string"}})}}));
  }
  return parameters;
}

Map body_of(const Route& route) {
  Map properties;
  List required;
  for (const MemberDoc& member : route.doc.body) {
    Map schema;
    if (member.type != "any") schema.set("type", member.type);
    if (!member.help.empty()) schema.set("description", member.help);
    properties.set(member.name, std::move(schema));
    if (member.required) required.emplace_back(member.name);
  }
  Map schema = object({{"type", "object"}, {"properties", std::move(properties)}});
  const bool needed = !required.empty();
  if (needed) schema.set("required", std::move(required));
  return object({{"required", needed},
                 {"content", object({{"application/json", object({{"schema", std::move(schema)}})}})}});
}

Map answer_of(int status, std::string_view content_type) {
  if (status == 304) return object({{"description", "As the If-None-Match of the request has it"}});
  const bool good = status < 400;
  Map schema = good ? Map{} : object({{"$ref", "#/components/schemas/Error"}});
  return object({{"description", good ? "Done" : std::string(type_of_status(status))},
                 {"content", object({{good ? content_type : "application/json",
                                      object({{"schema", std::move(schema)}})}})}});
}

Map answers_of(const Route& route) {
  std::set<int> statuses(route.doc.answers.begin(), route.doc.answers.end());
  statuses.insert({400, 421, 403});
  if (route.scope != Scope::open) statuses.insert({401, 429});
  if (route.method != "GET") statuses.insert({409, 413, 422, 503});
  Map answers;
  for (const int status : statuses)
    answers.set(std::to_string(status), answer_of(status, route.doc.content_type));
  return answers;
}

Map operation_of(const Route& route) {
  Map operation = object({{"summary", route.doc.summary}, {"x-scope", name_of(route.scope)}});
  List parameters = parameters_of(route);
  if (!parameters.empty()) operation.set("parameters", std::move(parameters));
  if (!route.doc.body.empty()) operation.set("requestBody", body_of(route));
  operation.set("responses", answers_of(route));
  if (route.scope == Scope::open) operation.set("security", List{});
  return operation;
}

Map error_schema() {
  const auto text = [] { return object({{"type", "string"}}); };
  return object({{"type", "object"},
                 {"required", List{"error", "detail"}},
                 {"properties",
                  object({{"error", object({{"type", "object"},
                                            {"required", List{"code", "message", "type"}},
                                            {"properties", object({{"code", object({{"type", "integer"}})},
                                                                   {"message", text()},
                                                                   {"type", text()},
                                                                   {"cause", Map{}}})}})},
                          {"detail", text()}})}});
}

}  // namespace

Value openapi_document(const Routes& routes, const std::string& version) {
  Map paths;
  for (const Route& route : routes) {
    const std::string path = path_of(route);
    if (paths.find(path) == nullptr) paths.set(path, Map{});
    paths.find(path)->get_if<Map>()->set(lower_ascii(route.method), operation_of(route));
  }
  return object(
      {{"openapi", "3.1.0"},
       {"info", object({{"title", "Sundial"},
                        {"version", version},
                        {"description",
                         "The agent on this device. Without configured tokens no call asks for one."}})},
       {"security", List{object({{"token", List{}}}), Map{}}},
       {"paths", std::move(paths)},
       {"components", object({{"schemas", object({{"Error", error_schema()}})},
                              {"securitySchemes",
                               object({{"token", object({{"type", "http"}, {"scheme", "bearer"}})}})}})}});
}

}  // namespace sundial::api
