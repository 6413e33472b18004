// The reference as JSON Schema, and as a .env file.
#include <fmt/format.h>

#include "agent/config/reference.hpp"
#include "agent/config/sections.hpp"
#include "platform/json/json.hpp"

namespace sundial::config {
namespace {

Map typed(const char* type) {
  Map map;
  map.set("type", type);
  return map;
}

Map object_of(const std::vector<Setting>& settings);

// A value of this type, or a text that is exactly one ${…}, which takes its type.
Map typed_or_variable(const char* type) {
  Map map;
  map.set("type", List{type, "string"});
  map.set("pattern", R"(^\$\{.*\}$)");
  return map;
}

Map with_pattern(const char* pattern) {
  Map map = typed("string");
  map.set("pattern", pattern);
  return map;
}

Map plain_schema(const Setting& setting) {
  switch (setting.shape) {
    case Shape::boolean:
      return typed_or_variable("boolean");
    case Shape::integer:
      return typed_or_variable("integer");
    case Shape::number:
      return typed_or_variable("number");
    case Shape::table:
      return object_of(setting.inner);
    case Shape::actions:
      return object_of(action_settings(model::action_kind(setting.name).value_or(model::ActionKind::start)));
    case Shape::map:
      return typed("object");
    case Shape::value:
      return {};
    case Shape::values:
      return typed("array");
    case Shape::duration:
      return with_pattern(R"(^(([0-9]+(ms|s|m|h|d))+|always|.*\$\{.*)$)");
    case Shape::size:
      return with_pattern(R"(^([0-9]+ ?[KMGkmg]?[iI]?[Bb]|.*\$\{.*)$)");
    case Shape::time:
      return typed("string");
    case Shape::text:
    case Shape::choice:
    case Shape::file:
    case Shape::secret_file:
    case Shape::expression:
    case Shape::templated:
      return typed("string");
  }
  return {};
}

Value schema_of(const Setting& setting) {
  Map schema = plain_schema(setting);
  if (setting.shape == Shape::choice) {
    List words;
    for (const std::string& word : setting.choices) words.emplace_back(word);
    schema.set("enum", std::move(words));
  }
  if (setting.shape == Shape::integer || setting.shape == Shape::number) {
    if (setting.least) schema.set("minimum", *setting.least);
    if (setting.most) schema.set("maximum", *setting.most);
  }
  if (setting.listable) {
    Map list = typed("array");
    list.set("items", schema);
    List either{std::move(schema), std::move(list)};
    schema = Map();
    schema.set("anyOf", std::move(either));
  }
  schema.set("description", setting.doc);
  if (const auto value = json::parse(setting.fallback); value) schema.set("default", *value);
  return schema;
}

Map object_of(const std::vector<Setting>& settings) {
  Map properties;
  List required;
  for (const Setting& setting : settings) {
    properties.set(setting.name, schema_of(setting));
    if (setting.required) required.emplace_back(setting.name);
  }
  Map object = typed("object");
  object.set("properties", std::move(properties));
  object.set("additionalProperties", false);
  if (!required.empty()) object.set("required", std::move(required));
  return object;
}

}  // namespace

Value reference_schema() {
  Map properties;
  for (const TopTable& table : top_tables()) {
    Map object = object_of(table.settings);
    if (table.by_id) {
      Map by_id = typed("object");
      by_id.set("additionalProperties", std::move(object));
      object = std::move(by_id);
    }
    object.set("description", table.doc);
    properties.set(table.name, std::move(object));
  }
  Map schema;
  schema.set("$schema", "https://json-schema.org/draft/2020-12/schema");
  schema.set("title", "sundial.toml");
  schema.set("type", "object");
  schema.set("properties", std::move(properties));
  schema.set("additionalProperties", false);
  return schema;
}

const std::vector<EnvironmentName>& environment_names() {
  static const std::vector<EnvironmentName> names{
      {"TEMPORAL_HTTP_ADDRESS", "The address of Temporal's HTTP API; before all others.",
       "http://localhost:7243"},
      {"TEMPORAL_ADDRESS",
       "An `http://` or `https://` address; a bare `host:port` is gRPC's, never replaces an HTTP address of "
       "the file, and "
       "alone is read as `http://host:7243`.",
       "localhost:7233"},
      {"TEMPORAL_NAMESPACE", "`[temporal] namespace`.", "default"},
      {"TEMPORAL_API_KEY", "The API key itself, instead of `[temporal] api_key_file`."},
      {"TEMPORAL_TASK_QUEUE", "`[temporal] task_queue`.", "sundial"},
      {"TEMPORAL_TLS", "`true` or `false`: whether a bare address is spoken to by TLS.", "false"},
      {"TEMPORAL_TLS_CLIENT_CERT_PATH", "`[temporal] tls.cert`; also `TEMPORAL_TLS_CERT`."},
      {"TEMPORAL_TLS_CLIENT_KEY_PATH", "`[temporal] tls.key`; also `TEMPORAL_TLS_KEY`."},
      {"TEMPORAL_TLS_SERVER_CA_CERT_PATH", "`[temporal] tls.ca`."},
      {"TEMPORAL_TLS_SERVER_NAME", "`[temporal] tls.server_name`."},
      {"TEMPORAL_TLS_DISABLE_HOST_VERIFICATION", "`true`: the server's certificate is not verified.",
       "false"},
      {"TEMPORAL_CONFIG_FILE",
       "A `temporal.toml` with profiles; else `temporalio/temporal.toml` in the user's configuration folder, "
       "where "
       "`TEMPORAL_PROFILE` is set. Certificates may stand in it as text (`client_cert_data`, "
       "`client_key_data`, `server_ca_cert_data`)."},
      {"TEMPORAL_PROFILE",
       "The profile of that file; it comes after the names above, and before our own file.", "default"},
      {"MQTT_URL", "`[mqtt] url`, which may hold a user and a password: `mqtt://USER:PASSWORD@HOST`.",
       "mqtt://localhost:1883"},
      {"SUNDIAL_LISTEN", "`[http] listen`, and the agent that the other verbs talk to.", "127.0.0.1:8000"},
      {"SUNDIAL_TOKEN", "The token with which the other verbs talk to the agent."},
      {"SUNDIAL_STATE", "The folder of the state.", "./sundial-state"},
      {"STATE_DIRECTORY", "systemd's; the folder of the state where nothing else names one."},
  };
  return names;
}

std::string reference_environment() {
  std::string text =
      "# The environment that the agent knows, for a .env beside it: take the # away from what you need.\n"
      "# `sundial run` by hand reads ./.env; --env-file names another. What is set already is kept.\n";
  for (const EnvironmentName& name : environment_names()) {
    text += fmt::format("\n# {}\n# {}={}\n", name.doc, name.name, name.example);
  }
  return text;
}

}  // namespace sundial::config
