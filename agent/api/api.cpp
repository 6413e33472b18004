// From a request to its handler.
#include "agent/api/api.hpp"

#include <algorithm>
#include <utility>

#include "agent/api/webhook.hpp"
#include "platform/base/text.hpp"
#include "platform/crypto/crypto.hpp"

namespace sundial::api {

namespace {

constexpr std::size_t kBodyLimit = 64 * 1024;
constexpr std::size_t kMaxKey = 255;
constexpr std::string_view kWebhooks = "/webhook/";

bool is_sane_id(std::string_view id) {
  return !id.empty() && id.size() <= 128 &&
         std::all_of(id.begin(), id.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

// A webhook's sender names the delivery, and repeats the name with a repeated delivery.
const std::string* idempotency_key(const HttpRequest& request) {
  if (request.method != "POST") return nullptr;
  if (const std::string* key = request.header("idempotency-key")) return key;
  if (!request.path.starts_with(kWebhooks)) return nullptr;
  const std::string* delivery = request.header("x-github-delivery");
  return delivery != nullptr ? delivery : request.header("webhook-id");
}

}  // namespace

Api::Api(EventLoop& loop, AgentControl& agent, Log& log, ApiSettings settings)
    : loop_(loop),
      agent_(agent),
      log_(log),
      settings_(std::move(settings)),
      gate_(settings_.gate),
      idempotency_([&agent](const std::string& name,
                            std::optional<std::string> value) { agent.keep(name, std::move(value)); },
                   [&agent](const std::string& name, const std::optional<std::string>& value) {
                     if (value) agent.keep_with_effect(name, *value);
                   },
                   agent.kept(), loop.now().wall),
      events_(loop, agent),
      recordings_(loop, agent),
      results_(loop, agent),
      load_(loop, agent),
      desk_{loop,   agent, events_, recordings_, results_, load_, settings_.process, settings_.disk_bytes,
            denied_} {
  // Ids of two starts must differ; nobody needs to be unable to guess them.
  const Result<std::string> bytes = crypto::random_bytes(4);
  id_prefix_ = bytes ? hex_encode(*bytes) : "0";
}

void Api::configure(GateSettings gate, std::map<std::string, std::string> webhook_secrets) {
  gate_ = Gate(std::move(gate));
  settings_.webhook_secrets = std::move(webhook_secrets);
}

std::size_t Api::body_limit(std::string_view path) const {
  if (path != "/api/v1/messages" && !path.starts_with(kWebhooks)) return kBodyLimit;
  const std::optional<model::MqttSettings>& mqtt = agent_.configuration().mqtt;
  const std::int64_t payload = (mqtt ? *mqtt : model::MqttSettings{}).max_payload;
  return std::max(kBodyLimit, static_cast<std::size_t>(payload));
}

std::string Api::next_id() {
  return id_prefix_ + "-" + std::to_string(++requests_);
}

HttpResponse Api::refusal(int status, const std::string& reason) {
  return api::refusal(status, reason, next_id());
}

void Api::handle(HttpRequest request, std::shared_ptr<HttpReply> reply) {
  const std::string* given = request.header("x-request-id");
  std::string id = given != nullptr && is_sane_id(*given) ? *given : next_id();
  const auto exchange = std::make_shared<Exchange>(std::move(request), std::move(reply), std::move(id));
  if (const std::optional<Denial> denial = gate_.check_origin(exchange->request()))
    return deny(exchange, *denial);
  Result<Match> match = find_route(all_routes(), exchange->request().method, exchange->request().path);
  if (!match) return exchange->fail(match.error());
  if (match->route == nullptr) {
    exchange->add_header("Allow", match->allowed);
    return exchange->fail(405, "the method is not one of " + match->allowed);
  }
  Result<Parameters> query = parse_query(exchange->request().query);
  if (!query) return exchange->fail(query.error());
  exchange->set_parameters(std::move(match->arguments), std::move(*query));
  if (const std::optional<Denial> denial = check(*match->route, exchange)) return deny(exchange, *denial);
  run(*match->route, exchange);
}

// A webhook with a secret is let in by its signature, everything else by its token.
std::optional<Denial> Api::check(const Route& route, const ExchangePtr& exchange) {
  if (route.pattern.starts_with(kWebhooks)) {
    const SignatureCheck signature =
        check_signature(settings_.webhook_secrets, exchange->argument("name"), exchange->request());
    if (signature.asked) {
      return signature.denial ? signature.denial : check_age(exchange->request(), loop_.now().wall);
    }
  }
  return gate_.check_token(exchange->request(), route.scope, loop_.now().elapsed);
}

void Api::run(const Route& route, const ExchangePtr& exchange) {
  exchange->on_answer([this, &route, id = exchange->id()](const HttpResponse& response) {
    if (response.status >= 500) {
      log_.warning("http.failed", "a call failed",
                   {{"route", route.pattern}, {"status", response.status}, {"request", id}});
    }
  });
  exchange->set_members(&route.doc.body);
  const std::string* key = idempotency_key(exchange->request());
  if (key == nullptr) return route.handler(desk_, exchange);
  if (key->empty() || key->size() > kMaxKey) return exchange->fail(400, "Idempotency-Key has 1 to 255 bytes");
  run_once(route, exchange, exchange->request().path + '\n' + *key);
}

void Api::run_once(const Route& route, const ExchangePtr& exchange, const std::string& key) {
  const HttpRequest& request = exchange->request();
  const auto again = [exchange](const HttpResponse& response) { exchange->send_again(response); };
  switch (idempotency_.meet(key, request.query + '\n' + request.body, loop_.now().wall, again)) {
    case Idempotency::Meeting::first:
      exchange->on_effect([this, key] { idempotency_.note_effect(key); });
      exchange->on_answer([this, key](const HttpResponse& response) { idempotency_.finish(key, response); });
      return route.handler(desk_, exchange);
    case Idempotency::Meeting::repeated:
      return;
    case Idempotency::Meeting::other:
      return exchange->fail(422, "this Idempotency-Key came with another request before");
  }
}

void Api::deny(const ExchangePtr& exchange, const Denial& denial) {
  ++denied_;
  const HttpRequest& request = exchange->request();
  log_.warning("http.denied", denial.message,
               {{"peer", request.peer}, {"status", denial.status}, {"request", exchange->id()}});
  if (denial.status == 401) exchange->add_header("WWW-Authenticate", "Bearer");
  if (denial.retry_after) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(*denial.retry_after).count();
    exchange->add_header("Retry-After", std::to_string(seconds));
  }
  exchange->fail(denial.status, denial.message);
}

}  // namespace sundial::api
