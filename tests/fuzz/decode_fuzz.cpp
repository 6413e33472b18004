// Payloads from a stranger: every reader answers, within the depth of JSON, and what it gives is JSON again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "agent/core/decode/decode.hpp"
#include "platform/json/json.hpp"

namespace {

using namespace sundial;  // NOLINT: one short program

void require(bool holds) {
  if (!holds) std::abort();
}

// A value that was decoded is written, read and written again without a difference.
void round_trip(const Value& value) {
  const std::string text = json::write(value);
  const Result<Value> again = json::parse(text);
  require(again.has_value() && json::write(*again) == text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  using model::Decode;
  for (Decode how :
       {Decode::automatic, Decode::json, Decode::text, Decode::cbor, Decode::msgpack, Decode::bytes}) {
    const auto decoded = decode::decode(bytes, how, std::nullopt);
    if (decoded) round_trip(decoded->payload);
  }
  return 0;
}
