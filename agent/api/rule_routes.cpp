// /api/v1/rules and /api/v1/messages.
#include <algorithm>
#include <utility>

#include "agent/api/calls.hpp"
#include "agent/config/definitions.hpp"
#include "platform/base/text.hpp"
#include "platform/json/json.hpp"

namespace sundial::api {

namespace {

// The rule as it is written, with what it has done since the start.
Map rule_document(Desk& desk, const List& live, const model::RuleDefinition& rule) {
  Value written = config::to_value(rule);
  const Map* keys = written.get_if<Map>();
  Map document = object({{"id", rule.id}, {"source", "file"}});
  if (keys != nullptr) {
    for (const auto& [key, value] : *keys) document.append(key, value);
  }
  Map counters;
  if (const Map* figures = find_document(live, rule.id)) counters = *figures;
  counters.erase("id");
  // The metrics' figures: they go on over a reload, and count what was turned away at the door.
  const Metrics& metrics = desk.agent.metrics();
  counters.set("matched", metrics.value("rule_matched_total", rule.id));
  counters.set("fired", metrics.value("rule_fired_total", rule.id));
  counters.set("errors", metrics.value("rule_errors_total", rule.id));
  Map suppressed;
  if (const auto family = metrics.counters().find("rule_suppressed_total");
      family != metrics.counters().end()) {
    for (const auto& [labels, count] : family->second) {
      if (labels.first == rule.id) suppressed.set(labels.second, count);
    }
  }
  counters.set("suppressed", std::move(suppressed));
  document.set("counters", std::move(counters));
  return document;
}

const model::RuleDefinition* find_rule(Desk& desk, const std::string& id) {
  for (const model::RuleDefinition& rule : desk.agent.configuration().rules) {
    if (rule.id == id) return &rule;
  }
  return nullptr;
}

// The rule of the path; answers 404 itself.
const model::RuleDefinition* take_rule(Desk& desk, const ExchangePtr& exchange) {
  const model::RuleDefinition* rule = find_rule(desk, exchange->argument("id"));
  if (rule == nullptr)
    exchange->fail(404, "there is no rule \"" + printable(exchange->argument("id")) + "\"");
  return rule;
}

void list_rules(Desk& desk, const ExchangePtr& exchange) {
  const List live = desk.agent.rules();
  List all;
  for (const model::RuleDefinition& rule : desk.agent.configuration().rules) {
    all.emplace_back(rule_document(desk, live, rule));
  }
  send_page(exchange, all);
}

void get_rule(Desk& desk, const ExchangePtr& exchange) {
  const model::RuleDefinition* rule = take_rule(desk, exchange);
  if (rule != nullptr) exchange->send(200, Value(rule_document(desk, desk.agent.rules(), *rule)));
}

void list_keys(Desk& desk, const ExchangePtr& exchange) {
  constexpr std::size_t kMostKeys = 100'000;
  if (take_rule(desk, exchange) != nullptr)
    send_page(exchange, desk.agent.rule_keys(exchange->argument("id"), kMostKeys));
}

void reset(Desk& desk, const ExchangePtr& exchange, std::optional<std::string> key) {
  if (take_rule(desk, exchange) == nullptr) return;
  const std::string& id = exchange->argument("id");
  desk.agent.reset_keys({id, std::move(key)}, answering<void>(exchange, [exchange, id] {
                          exchange->send(200, object({{"rule", id}, {"status", "reset"}}));
                        }));
}

void delete_key(Desk& desk, const ExchangePtr& exchange) {
  reset(desk, exchange, exchange->argument("key"));
}
void delete_keys(Desk& desk, const ExchangePtr& exchange) {
  reset(desk, exchange, std::nullopt);
}

Result<std::string> payload_of(const Map& body) {
  const Value* payload = body.find("payload");
  const Value* encoded = body.find("payload_base64");
  if (payload != nullptr && encoded != nullptr)
    return Error(ErrorKind::invalid, "both payload and payload_base64");
  if (encoded != nullptr) {
    const std::optional<std::string> bytes =
        encoded->text() == nullptr ? std::nullopt : base64_decode(*encoded->text());
    if (!bytes) return Error(ErrorKind::invalid, "payload_base64 is no base64");
    return *bytes;
  }
  if (payload == nullptr) return Error(ErrorKind::invalid, "payload is missing");
  return payload->text() != nullptr ? *payload->text() : json::write(*payload);
}

Result<model::Message> message_of(const Map& body) {
  model::Message message;
  message.topic = text_member(body, "topic");
  if (message.topic.empty() ||
      message.topic.find_first_of(std::string_view("+#\0", 3)) != std::string::npos ||
      message.topic.size() > 65535) {
    return Error(ErrorKind::invalid, "topic is no topic to publish on: text without + and #");
  }
  Result<std::string> payload = payload_of(body);
  if (!payload) return payload.error();
  message.payload = std::move(*payload);
  if (const Value* qos = body.find("qos")) {
    const std::int64_t* number = qos->get_if<std::int64_t>();
    if (number == nullptr || *number < 0 || *number > 1) return Error(ErrorKind::invalid, "qos is 0 or 1");
    message.qos = static_cast<int>(*number);
  }
  if (const std::string type = text_member(body, "content_type"); !type.empty())
    message.properties.content_type = type;
  if (const Value* retained = body.find("retained")) {
    const bool* flag = retained->get_if<bool>();
    if (flag == nullptr) return Error(ErrorKind::invalid, "retained is true or false");
    message.retained = *flag;
  }
  return message;
}

void post_message(Desk& desk, const ExchangePtr& exchange) {
  const Result<Map> body = exchange->json_body();
  if (!body) return exchange->fail(body.error());
  Result<model::Message> message = message_of(*body);
  if (!message) return exchange->fail(message.error());
  take_trace(exchange, *message);
  const std::optional<model::MqttSettings>& mqtt = desk.agent.configuration().mqtt;
  const std::int64_t most = (mqtt ? *mqtt : model::MqttSettings{}).max_payload;
  if (static_cast<std::int64_t>(message->payload.size()) > most) {
    return exchange->fail(413, "the payload is longer than max_payload");
  }
  const Result<bool> dry = exchange->flag("dry_run");
  if (!dry) return exchange->fail(dry.error());
  if (*dry) {
    const Result<Value> outcome = desk.agent.dry_run(*message);
    if (!outcome) return exchange->fail(outcome.error());
    return exchange->send(200, object({{"decisions", *outcome}}));
  }
  exchange->begin_effect();
  desk.agent.accept(std::move(*message), answering<std::string>(exchange, [exchange](const std::string& id) {
                      exchange->send(202, object({{"id", id}}));
                    }));
}

}  // namespace

Routes rule_routes() {
  const std::vector<ParameterDoc> paging{{"limit", "1 to 1000"}, {"next", "the token of the page before"}};
  return {
      {"GET",
       "/api/v1/rules",
       Scope::read,
       list_rules,
       {"All rules with their counters", {200, 400}, paging}},
      {"GET", "/api/v1/rules/{id}", Scope::read, get_rule, {"One rule", {200, 404}}},
      {"GET",
       "/api/v1/rules/{id}/keys",
       Scope::read,
       list_keys,
       {"A rule's keys and their state", {200, 400, 404}, paging}},
      {"DELETE",
       "/api/v1/rules/{id}/keys",
       Scope::admin,
       delete_keys,
       {"Forget the state of all keys", {200, 404}}},
      {"DELETE",
       "/api/v1/rules/{id}/keys/{key*}",
       Scope::admin,
       delete_key,
       {"Forget the state of one key", {200, 404}}},
      {"POST",
       "/api/v1/messages",
       Scope::trigger,
       post_message,
       {"Hand in a message as if it had come over MQTT",
        {200, 202, 400, 413},
        {{"dry_run", "true: say what it would do, and do nothing"}},
        {{"topic", "string", "", true},
         {"payload", "any", "text as it is, anything else as its JSON"},
         {"payload_base64", "string", "instead of payload"},
         {"qos", "integer", "0 or 1"},
         {"retained", "boolean", ""},
         {"content_type", "string", "as MQTT 5 has it"}}}},
  };
}

}  // namespace sundial::api
