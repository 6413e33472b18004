// Fuzz target for the answers of Temporal's HTTP API: whatever a frontend, a proxy or a stranger sends,
// it is sorted, and what it says of payloads, failures and ends is read or refused.
// The first two bytes are the status, the rest is the body.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "agent/adapters/temporal/answers.hpp"
#include "agent/adapters/temporal/failures.hpp"
#include "agent/adapters/temporal/json_access.hpp"
#include "agent/adapters/temporal/payloads.hpp"
#include "platform/json/json.hpp"

namespace {

using namespace sundial;
using namespace sundial::temporal;

void require(bool holds) {
  if (!holds) std::abort();
}

// What was read of a payload is sent as the same value again.
void round_trip(const Value& payload) {
  const auto value = decode_payload(payload, nullptr);
  if (!value) return;
  const auto text = encode_value(*value, nullptr);
  require(text.has_value());
  const auto json = json::parse(*text);
  require(json.has_value());
  const auto again = decode_payload(*json, nullptr);
  require(again.has_value() && json::write(*again) == json::write(*value));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  Reply reply;
  reply.kind = Reply::Kind::answered;
  reply.status = 100 + (data[0] * 256 + data[1]) % 500;
  reply.body.assign(reinterpret_cast<const char*>(data) + 2, size - 2);  // NOLINT: bytes are text here
  const Sorted sorted = sort_answer(reply);
  require(sorted.message.find('\n') == std::string::npos);
  if (sorted.finding == Finding::ok) {
    require(reply.status >= 200 && reply.status < 300);
  } else {
    require(!error_of(sorted).message().empty());
    require(usual_answer(sorted, reply).outcome != DeliveryOutcome::done);
  }
  const auto body = json::parse(reply.body);
  if (!body) return 0;
  static_cast<void>(read_failure(*body, nullptr));
  static_cast<void>(read_end(*body, nullptr));
  static_cast<void>(decode_list(&*body, nullptr));
  static_cast<void>(time_at(*body, {"time"}));
  static_cast<void>(seconds_at(*body, {"time"}));
  round_trip(*body);
  return 0;
}
