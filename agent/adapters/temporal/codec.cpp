// The key is found by its id; a payload of an unknown key stays an error, so that nobody takes
// ciphertext for a value.
#include "agent/adapters/temporal/codec.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "platform/crypto/crypto.hpp"
#include "platform/crypto/key_file.hpp"

namespace sundial::temporal {
namespace {

constexpr std::string_view kEncrypted = "binary/encrypted";

std::string_view metadata_of(const Payload& payload, std::string_view key) {
  const auto found = std::find_if(payload.metadata.begin(), payload.metadata.end(),
                                  [key](const auto& entry) { return entry.first == key; });
  return found == payload.metadata.end() ? std::string_view() : std::string_view(found->second);
}

}  // namespace

Result<Payload> EncryptionCodec::encode(const Payload& payload) const {
  const NamedKey& key = keys_.front();
  auto sealed = crypto::aes_gcm_seal(key.key, serialize_payload(payload));
  if (!sealed) return sealed.error();
  return Payload{{{"encoding", std::string(kEncrypted)}, {"encryption-key-id", key.id}}, std::move(*sealed)};
}

Result<Payload> EncryptionCodec::decode(const Payload& payload) const {
  if (metadata_of(payload, "encoding") != kEncrypted) return payload;
  const std::string_view id = metadata_of(payload, "encryption-key-id");
  const auto key =
      std::find_if(keys_.begin(), keys_.end(), [id](const NamedKey& known) { return known.id == id; });
  if (key == keys_.end()) {
    return Error(ErrorKind::forbidden,
                 "a payload is encrypted with the key \"" + std::string(id) + "\", which is not configured");
  }
  const auto opened = crypto::aes_gcm_open(key->key, payload.data);
  if (!opened) return opened.error().within("a payload of the key \"" + key->id + "\"");
  return parse_payload(*opened);
}

Result<std::unique_ptr<PayloadCodec>> make_codec(const model::TemporalSettings& settings) {
  if (settings.encryption.empty()) return std::unique_ptr<PayloadCodec>();
  std::vector<NamedKey> keys;
  for (const model::EncryptionKey& configured : settings.encryption) {
    std::ifstream in(configured.key_file, std::ios::binary);
    if (!in) return Error(ErrorKind::not_found, configured.key_file + " can't be read");
    const std::string content{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    auto key = crypto::parse_key(content);
    if (!key) return key.error().within(configured.key_file);
    keys.push_back({configured.key_id, std::move(*key)});
  }
  return std::unique_ptr<PayloadCodec>(std::make_unique<EncryptionCodec>(std::move(keys)));
}

}  // namespace sundial::temporal
