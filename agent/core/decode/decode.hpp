// Payload bytes to values: JSON, text, CBOR, MessagePack and plain bytes, bounded in depth and size.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "agent/core/model/rule.hpp"
#include "platform/base/result.hpp"
#include "platform/base/value.hpp"

namespace sundial::decode {

struct Decoded {
  Value payload;
  // The bytes were read as JSON: `{payload}` alone passes them on as they are.
  bool was_json = false;
};

// Decodes as the rule says; `automatic` goes by the content type, else by what the bytes are. An error
// is "cannot be decoded", with the reason for people.
Result<Decoded> decode(std::string_view bytes, model::Decode how,
                       const std::optional<std::string>& content_type);
// The same for those who look at these members of an object only: others need not be there.
Result<Decoded> decode_members(std::string_view bytes, model::Decode how,
                               const std::optional<std::string>& content_type,
                               std::span<const std::string> members);

// One item and nothing after it. Depth is that of JSON (json::kMaxDepth); the tree's memory is bounded by
// the number of bytes given.
Result<Value> decode_cbor(std::string_view bytes);
Result<Value> decode_msgpack(std::string_view bytes);

}  // namespace sundial::decode
