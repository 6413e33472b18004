// Values as Temporal's payloads in full form, and back: what is sent is byte for byte what was meant.
#pragma once

#include <string>
#include <string_view>

#include "agent/ports/payload_codec.hpp"
#include "platform/base/result.hpp"
#include "platform/base/value.hpp"

namespace sundial::temporal {

// json/plain, with the value's JSON as its bytes.
Payload plain_payload(const Value& value);

// {"metadata":{…},"data":…}, both in base64, as JSON text.
std::string payload_json(const Payload& payload);
Result<Payload> read_payload(const Value& json);

// A value as a payload's JSON text, through the codec where there is one.
Result<std::string> encode_value(const Value& value, const PayloadCodec* codec);

// {"payloads":[…]}, one an element.
Result<std::string> encode_list(const List& values, const PayloadCodec* codec);

// What a payload in full form holds. JSON comes back as a tree where writing the tree gives the same
// bytes, else as Verbatim: a number is shown as it came. Bytes that are no JSON are Bytes; an
// encoding that is not known is a map of its metadata and data.
Result<Value> decode_payload(const Value& json, const PayloadCodec* codec);

// Of {"payloads":[…]} or a list of payloads.
Result<List> decode_list(const Value* json, const PayloadCodec* codec);

// As `decode_list`, but one value is that value, none is null.
Result<Value> decode_values(const Value* json, const PayloadCodec* codec);

}  // namespace sundial::temporal
