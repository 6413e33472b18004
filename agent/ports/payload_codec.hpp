// What stands between a payload's plain bytes and everything outside this process: the outbox on disk
// and Temporal.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "agent/core/model/action.hpp"
#include "platform/base/result.hpp"

namespace sundial {

// Temporal's payload: bytes, and what they are.
struct Payload {
  std::vector<std::pair<std::string, std::string>> metadata;  // "encoding" and others
  std::string data;
};

class PayloadCodec {
 public:
  virtual ~PayloadCodec() = default;
  virtual Result<Payload> encode(const Payload& payload) const = 0;
  // A payload that is not encoded comes back as it is.
  virtual Result<Payload> decode(const Payload& payload) const = 0;
};

// Encodes what an action carries before the record is written to the outbox: the arguments, memo,
// result or details move under `sealed`, a key that no configuration can hold. From any thread.
class RecordSealer {
 public:
  virtual ~RecordSealer() = default;
  virtual Result<void> seal(model::OutboxRecord& record) const = 0;
  // The reverse, for showing, editing and merging what waits.
  virtual Result<void> open(model::OutboxRecord& record) const = 0;
};

}  // namespace sundial
