// Tokens, hosts, origins.
#include "agent/api/gate.hpp"

#include <algorithm>
#include <utility>

#include "platform/base/text.hpp"
#include "platform/crypto/crypto.hpp"

namespace sundial::api {

namespace {

constexpr std::size_t kWrongAMinute = 10;
constexpr Millis kMinute = std::chrono::minutes{1};
constexpr std::size_t kMaxGuessers = 1000;

std::optional<Scope> scope_named(std::string_view name) {
  if (name == "read") return Scope::read;
  if (name == "trigger") return Scope::trigger;
  if (name == "admin") return Scope::admin;
  return std::nullopt;
}

bool is_wildcard(std::string_view host) {
  return host.empty() || host == "0.0.0.0" || host == "::";
}

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "::1" ||
         (host.substr(0, 4) == "127." && host.find_first_not_of("0123456789.") == std::string_view::npos);
}

}  // namespace

std::string_view name_of(Scope scope) {
  switch (scope) {
    case Scope::open:
      return "open";
    case Scope::read:
      return "read";
    case Scope::trigger:
      return "trigger";
    case Scope::admin:
      return "admin";
  }
  return "admin";
}

Result<std::vector<Token>> parse_tokens(std::string_view text) {
  std::vector<Token> tokens;
  int number = 0;
  for (const std::string_view whole : split(text, '\n')) {
    ++number;
    const std::string_view line = trim(whole);
    if (line.empty() || line.front() == '#') continue;
    const std::size_t blank = line.find_first_of(" \t");
    const std::string_view scope = blank == std::string_view::npos ? "admin" : trim(line.substr(blank));
    const std::optional<Scope> known = scope_named(scope);
    if (!known) {
      return Error(ErrorKind::invalid,
                   "line " + std::to_string(number) + ": a token is followed by read, trigger or admin");
    }
    tokens.push_back({crypto::sha256(line.substr(0, blank)), *known});
  }
  if (tokens.empty()) return Error(ErrorKind::invalid, "there is no token in it");
  return tokens;
}

Result<std::string> new_token() {
  Result<std::string> bytes = crypto::random_bytes(16);
  if (!bytes) return bytes.error();
  return hex_encode(*bytes);
}

std::string_view host_of(std::string_view authority) {
  if (!authority.empty() && authority.front() == '[') {
    const std::size_t end = authority.find(']');
    return end == std::string_view::npos ? authority : authority.substr(1, end - 1);
  }
  return authority.substr(0, authority.rfind(':'));
}

Gate::Gate(GateSettings settings)
    : settings_(std::move(settings)), listen_host_(lower_ascii(host_of(settings_.listen))) {
  settings_.device = lower_ascii(settings_.device);
  for (std::string& host : settings_.hosts) host = lower_ascii(host_of(host));
}

bool Gate::may_be_called(std::string_view host, const HttpRequest& request) const {
  if (is_loopback(host) || host == settings_.device || host == settings_.device + ".local") return true;
  if (is_wildcard(listen_host_) ? host == request.local_address : host == listen_host_) return true;
  return std::find(settings_.hosts.begin(), settings_.hosts.end(), host) != settings_.hosts.end();
}

std::optional<Denial> Gate::check_origin(const HttpRequest& request) const {
  const std::string* authority = request.header("host");
  const std::string called = authority == nullptr ? "" : lower_ascii(*authority);
  if (!may_be_called(host_of(called), request)) {
    return Denial{
        421, "the agent is not called \"" + printable(called) + "\"; further names go to [http] hosts", {}};
  }
  const std::string* origin = request.header("origin");
  if (origin == nullptr) return std::nullopt;
  const std::string from = lower_ascii(*origin);
  const std::size_t scheme = from.find("://");
  const bool own = scheme != std::string::npos && from.substr(scheme + 3) == called;
  if (!own) return Denial{403, "a page of another origin may not call the agent", {}};
  return std::nullopt;
}

std::optional<Scope> Gate::scope_of(const HttpRequest& request) const {
  const std::string* header = request.header("authorization");
  if (header == nullptr || lower_ascii(header->substr(0, 7)) != "bearer ") return std::nullopt;
  const std::string digest = crypto::sha256(trim(std::string_view(*header).substr(7)));
  std::optional<Scope> scope;
  for (const Token& token : settings_.tokens) {  // all of them: where it stands shall not show
    if (crypto::equal_in_constant_time(token.digest, digest))
      scope = std::max(scope.value_or(Scope::open), token.scope);
  }
  return scope;
}

std::optional<Denial> Gate::check_token(const HttpRequest& request, Scope needed, Elapsed now) {
  if (needed == Scope::open || !asks_for_tokens()) return std::nullopt;
  const std::optional<Scope> scope = scope_of(request);
  if (!scope) return note_wrong(request, now);
  if (*scope >= needed) return std::nullopt;
  return Denial{
      403,
      "the token's scope is " + std::string(name_of(*scope)) + ", this needs " + std::string(name_of(needed)),
      {}};
}

std::optional<Denial> Gate::note_wrong(const HttpRequest& request, Elapsed now) {
  const bool missing = request.header("authorization") == nullptr;
  Denial denial{401, missing ? "a token is needed: Authorization: Bearer TOKEN" : "the token is wrong", {}};
  if (request.peer_is_loopback) return denial;
  const auto known = guessers_.find(request.peer);
  if (known != guessers_.end()) {
    std::deque<Elapsed>& wrong = known->second.wrong;
    while (!wrong.empty() && now - wrong.front() >= kMinute) wrong.pop_front();
    if (wrong.size() >= kWrongAMinute) {
      return Denial{429, "too many wrong tokens", kMinute - (now - wrong.front())};
    }
  }
  if (missing) return denial;
  if (known == guessers_.end()) {
    if (guessers_.size() >= kMaxGuessers) {
      guessers_.erase(by_age_.front());
      by_age_.pop_front();
    }
    guessers_[request.peer] = {{now}, by_age_.insert(by_age_.end(), request.peer)};
  } else {
    known->second.wrong.push_back(now);
    by_age_.splice(by_age_.end(), by_age_, known->second.age);
  }
  return denial;
}

}  // namespace sundial::api
