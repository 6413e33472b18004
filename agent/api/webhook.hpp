// Webhooks: their signature, the rules that hear them, and GitHub's pushes.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "agent/api/desk.hpp"
#include "agent/api/route.hpp"

namespace sundial::api {

// X-Hub-Signature-256 of the body, where this webhook has a secret: `asked` is then true and no token
// is needed.
struct SignatureCheck {
  bool asked = false;
  std::optional<Denial> denial;
};
SignatureCheck check_signature(const std::map<std::string, std::string>& secrets, const std::string& name,
                               const HttpRequest& request);

// Where the sender says when it sent (`webhook-timestamp`, seconds since 1970): what is more than five
// minutes away from now is a recording of an old call.
std::optional<Denial> check_age(const HttpRequest& request, Instant now);

void webhook(Desk& desk, const ExchangePtr& exchange);

}  // namespace sundial::api
