// Payload encryption in the form of Temporal's own samples, and its use on records of the outbox.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/model/settings.hpp"
#include "agent/ports/payload_codec.hpp"
#include "platform/base/result.hpp"

namespace sundial::temporal {

struct NamedKey {
  std::string id;
  std::string key;  // 32 bytes
};

// AES-256-GCM: the plaintext is the payload as serialized protobuf, the data a random nonce of 12 bytes,
// the ciphertext and its tag; the metadata say `binary/encrypted` and which key. The first key encrypts,
// all decrypt.
class EncryptionCodec final : public PayloadCodec {
 public:
  explicit EncryptionCodec(std::vector<NamedKey> keys) : keys_(std::move(keys)) {}

  Result<Payload> encode(const Payload& payload) const override;
  Result<Payload> decode(const Payload& payload) const override;

 private:
  std::vector<NamedKey> keys_;
};

// Nothing where no encryption is set. An error names the key file that is wrong.
Result<std::unique_ptr<PayloadCodec>> make_codec(const model::TemporalSettings& settings);

// The codec must outlive it.
std::unique_ptr<RecordSealer> make_sealer(const PayloadCodec& codec);

// temporal.api.common.v1.Payload as protobuf bytes, and back.
std::string serialize_payload(const Payload& payload);
Result<Payload> parse_payload(std::string_view bytes);

}  // namespace sundial::temporal
