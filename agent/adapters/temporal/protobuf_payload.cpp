// The one protobuf message that is needed: map<string, bytes> metadata = 1; bytes data = 2.
#include <cstdint>
#include <optional>

#include "agent/adapters/temporal/codec.hpp"

namespace sundial::temporal {
namespace {

// Field number and wire type 2, which is "length, then so many bytes".
constexpr char kField1 = 0x0A;
constexpr char kField2 = 0x12;

void put_length(std::string& out, std::size_t length) {
  while (length >= 0x80) {
    out += static_cast<char>((length & 0x7F) | 0x80);
    length >>= 7;
  }
  out += static_cast<char>(length);
}

void put_bytes(std::string& out, char field, std::string_view bytes) {
  out += field;
  put_length(out, bytes.size());
  out += bytes;
}

std::optional<std::uint64_t> take_varint(std::string_view& in) {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64 && !in.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

struct Field {
  std::uint64_t number = 0;
  std::string_view bytes;  // of wire type 2, else empty
};

// The next field; of other wire types only the length matters, since none of them is ours.
std::optional<Field> take_field(std::string_view& in) {
  const auto tag = take_varint(in);
  if (!tag) return std::nullopt;
  Field field;
  field.number = *tag >> 3;
  std::uint64_t length = 0;
  switch (*tag & 7) {
    case 0:
      return take_varint(in) ? std::optional(field) : std::nullopt;
    case 1:
      length = 8;
      break;
    case 2: {
      const auto told = take_varint(in);
      if (!told) return std::nullopt;
      length = *told;
      break;
    }
    case 5:
      length = 4;
      break;
    default:
      return std::nullopt;
  }
  if (length > in.size()) return std::nullopt;
  if ((*tag & 7) == 2) field.bytes = in.substr(0, length);
  in.remove_prefix(length);
  return field;
}

std::optional<std::pair<std::string, std::string>> read_entry(std::string_view in) {
  std::pair<std::string, std::string> entry;
  while (!in.empty()) {
    const auto field = take_field(in);
    if (!field) return std::nullopt;
    if (field->number == 1) entry.first = std::string(field->bytes);
    if (field->number == 2) entry.second = std::string(field->bytes);
  }
  return entry;
}

}  // namespace

std::string serialize_payload(const Payload& payload) {
  std::string out;
  for (const auto& [key, value] : payload.metadata) {
    std::string entry;
    put_bytes(entry, kField1, key);
    put_bytes(entry, kField2, value);
    put_bytes(out, kField1, entry);
  }
  if (!payload.data.empty()) put_bytes(out, kField2, payload.data);
  return out;
}

Result<Payload> parse_payload(std::string_view bytes) {
  Payload payload;
  while (!bytes.empty()) {
    const auto field = take_field(bytes);
    if (!field) return Error(ErrorKind::corrupt, "what was encrypted is no payload");
    if (field->number == 2) payload.data = std::string(field->bytes);
    if (field->number != 1) continue;
    auto entry = read_entry(field->bytes);
    if (!entry) return Error(ErrorKind::corrupt, "what was encrypted is no payload");
    payload.metadata.push_back(std::move(*entry));
  }
  return payload;
}

}  // namespace sundial::temporal
