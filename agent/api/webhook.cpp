// POST /webhook/{name}.
#include "agent/api/webhook.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "agent/api/calls.hpp"
#include "platform/base/text.hpp"
#include "platform/crypto/crypto.hpp"

namespace sundial::api {

namespace {

constexpr std::int64_t kReplayWindow = 300;  // seconds

bool has_rule(const model::Configuration& configuration, const std::string& name) {
  return std::any_of(
      configuration.rules.begin(), configuration.rules.end(),
      [&](const model::RuleDefinition& rule) { return rule.webhook && rule.webhook->text == name; });
}

// GitHub names the event in a header; the lab's callers name it in the body.
bool is_push(const HttpRequest& request, const Map& body) {
  const std::string* event = request.header("x-github-event");
  return event != nullptr ? *event == "push" : text_member(body, "action") == "push";
}

std::string repository_of(const Map& body) {
  const Value* repository = body.find("repository");
  const Map* members = repository == nullptr ? nullptr : repository->get_if<Map>();
  return members == nullptr ? "" : text_member(*members, "name");
}

void answer_processed(const ExchangePtr& exchange) {
  exchange->send(200, object({{"status", "processed"}}));
}

// A push starts the deployment; one that runs already is not started again.
void deploy(Desk& desk, const ExchangePtr& exchange, const std::string& repository) {
  const model::HttpSettings& http = desk.agent.configuration().http;
  Map action = object({{"workflow", http.workflow},
                       {"id", "deploy-" + repository},
                       {"task_queue", http.task_queue},
                       {"args", List{"Deploy " + repository}}});
  // GitHub does not wait for Temporal: what is in the outbox is safe.
  submit(desk, exchange, model::ActionKind::start, std::move(action), Millis{0},
         [exchange](const Submission&) { answer_processed(exchange); });
}

// GitHub sends its JSON also as the member `payload` of a form, unless it is told otherwise.
std::string content_of(const ExchangePtr& exchange) {
  const HttpRequest& request = exchange->request();
  const std::string* type = request.header("content-type");
  if (exchange->argument("name") != "github" || type == nullptr ||
      !lower_ascii(*type).starts_with("application/x-www-form-urlencoded")) {
    return request.body;
  }
  const Result<Parameters> form = parse_query(request.body);
  if (!form) return request.body;
  for (const auto& [name, value] : *form) {
    if (name == "payload") return value;
  }
  return request.body;
}

// The repository to deploy; "" where there is nothing to do; nothing where it was answered.
std::optional<std::string> read_push(const ExchangePtr& exchange) {
  const Result<Map> body = parse_object(content_of(exchange));
  if (!body) {
    exchange->fail(body.error());
    return std::nullopt;
  }
  if (!is_push(exchange->request(), *body)) return "";
  std::string repository = repository_of(*body);
  if (repository.empty()) {
    exchange->fail(400, "a push without repository.name");
  } else if (repository.find('/') != std::string::npos || repository.size() > 900) {
    exchange->fail(400, "repository.name is no part of a workflow id");
  } else {
    return repository;
  }
  return std::nullopt;
}

model::Message message_of(const ExchangePtr& exchange) {
  model::Message message;
  message.topic = exchange->argument("name");
  message.webhook = true;
  message.payload = content_of(exchange);
  message.qos = 1;
  if (const std::string* type = exchange->request().header("content-type"))
    message.properties.content_type = *type;
  take_trace(exchange, message);
  return message;
}

}  // namespace

SignatureCheck check_signature(const std::map<std::string, std::string>& secrets, const std::string& name,
                               const HttpRequest& request) {
  const auto secret = secrets.find(name);
  if (secret == secrets.end()) return {};
  const std::string* given = request.header("x-hub-signature-256");
  const std::string right = "sha256=" + hex_encode(crypto::hmac_sha256(secret->second, request.body));
  if (given != nullptr && crypto::equal_in_constant_time(lower_ascii(*given), right)) return {true, {}};
  return {true,
          Denial{401, given == nullptr ? "X-Hub-Signature-256 is missing" : "the signature is wrong", {}}};
}

std::optional<Denial> check_age(const HttpRequest& request, Instant now) {
  const std::string* text = request.header("webhook-timestamp");
  if (text == nullptr) return std::nullopt;
  std::int64_t seconds = 0;
  const auto [stop, problem] = std::from_chars(text->data(), text->data() + text->size(), seconds);
  const auto present = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
  const bool number = problem == std::errc{} && stop == text->data() + text->size();
  if (number && seconds >= present - kReplayWindow && seconds <= present + kReplayWindow) return std::nullopt;
  return Denial{401, "webhook-timestamp is more than five minutes away from this device's time", {}};
}

void webhook(Desk& desk, const ExchangePtr& exchange) {
  const std::string& name = exchange->argument("name");
  const bool heard = has_rule(desk.agent.configuration(), name);
  if (!heard && name != "github")
    return exchange->fail(404, "no rule has webhook = \"" + printable(name) + "\"");
  std::string repository;
  if (name == "github") {
    std::optional<std::string> push = read_push(exchange);
    if (!push) return;
    repository = std::move(*push);
  }
  if (!heard) return repository.empty() ? answer_processed(exchange) : deploy(desk, exchange, repository);
  // With a deployment behind it the delivery is done only when that is in the outbox as well: a sender who
  // repeats it must not hear before that it was.
  if (repository.empty()) exchange->begin_effect();
  desk.agent.accept(message_of(exchange),
                    answering<std::string>(exchange, [&desk, exchange, repository](const std::string&) {
                      return repository.empty() ? answer_processed(exchange)
                                                : deploy(desk, exchange, repository);
                    }));
}

}  // namespace sundial::api
