// The addresses of the configuration: Temporal's, the broker's and our own.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/core/model/settings.hpp"
#include "platform/base/result.hpp"

namespace sundial::config {

struct TemporalAddress {
  std::string url;   // "http://host:7243"
  std::string note;  // what was made of an address that is gRPC's; empty: nothing
};

// Whether this is `host:port` without a scheme, which is gRPC's and meant for workers.
bool is_bare(std::string_view address);

// An http:// or https:// address as it is; a bare one read as the HTTP API of the same host; one of
// Temporal Cloud is refused. `secure`: a bare address gets https.
Result<TemporalAddress> temporal_address(std::string_view address, bool secure);

// For an address that is known to be the HTTP API's: a bare one keeps its port.
Result<TemporalAddress> temporal_http_address(std::string_view address, bool secure);

// mqtt://[user[:password]@]host[:port] or mqtts://…; the user goes into the settings, so that the
// address can be shown.
Result<void> set_broker(std::string_view url, model::MqttSettings& into);

// "HOST:PORT", "[IPv6]:PORT", ":PORT" or "".
Result<void> check_listen(std::string_view listen);

}  // namespace sundial::config
