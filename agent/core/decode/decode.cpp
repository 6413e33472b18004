// Which reader a payload goes through.
#include "agent/core/decode/decode.hpp"

#include <array>

#include "platform/base/text.hpp"
#include "platform/json/json.hpp"

namespace sundial::decode {
namespace {

enum class Format { json, cbor, msgpack };

// What an MQTT 5 content type says, where it says something that we know.
std::optional<Format> format_of(std::string_view content_type) {
  const std::string type = lower_ascii(trim(content_type.substr(0, content_type.find(';'))));
  struct Known {
    std::string_view type;
    Format format;
  };
  constexpr std::array<Known, 5> known{{{"application/json", Format::json},
                                        {"application/cbor", Format::cbor},
                                        {"application/msgpack", Format::msgpack},
                                        {"application/x-msgpack", Format::msgpack},
                                        {"application/vnd.msgpack", Format::msgpack}}};
  for (const Known& one : known) {
    if (type == one.type) return one.format;
  }
  if (type.ends_with("+json")) return Format::json;
  if (type.ends_with("+cbor")) return Format::cbor;
  return std::nullopt;
}

// The members that are wanted, where it is not all of them.
using Wanted = std::optional<std::span<const std::string>>;

Result<Value> read_json(std::string_view bytes, const Wanted& wanted) {
  // Our reader skips a byte order mark, which is no part of JSON; passed on byte for byte it would make
  // what it stands in no JSON either.
  if (bytes.starts_with("\xEF\xBB\xBF"))
    return Error(ErrorKind::invalid, "JSON begins with no byte order mark");
  return wanted ? json::parse_members(bytes, *wanted) : json::parse(bytes);
}

Result<Decoded> read(Format format, std::string_view bytes, const Wanted& wanted) {
  if (bytes.empty()) return Error(ErrorKind::invalid, "the payload is empty");
  Result<Value> value = format == Format::json   ? read_json(bytes, wanted)
                        : format == Format::cbor ? decode_cbor(bytes)
                                                 : decode_msgpack(bytes);
  if (!value) return value.error();
  return Decoded{std::move(*value), format == Format::json};
}

Result<Decoded> text_of(std::string_view bytes) {
  if (!is_utf8(bytes)) return Error(ErrorKind::invalid, "the payload is not valid UTF-8");
  return Decoded{Value(bytes), false};
}

Decoded bytes_of(std::string_view bytes) {
  return {Value(Bytes{std::string(bytes)}), false};
}

// JSON where the whole is JSON, else text where it is UTF-8, else bytes; the binary forms are never
// guessed.
Result<Decoded> guess(std::string_view bytes, const Wanted& wanted) {
  Result<Value> value = read_json(bytes, wanted);
  if (value) return Decoded{std::move(*value), true};
  // It is JSON, but cannot be kept: too deep, or with a number beyond a double.
  if (value.error().kind() == ErrorKind::exhausted) return value.error();
  return is_utf8(bytes) ? text_of(bytes) : Result<Decoded>(bytes_of(bytes));
}

Result<Decoded> decode(std::string_view bytes, model::Decode how,
                       const std::optional<std::string>& content_type, const Wanted& wanted) {
  switch (how) {
    case model::Decode::automatic: {
      if (bytes.empty()) return text_of(bytes);
      const auto format = content_type ? format_of(*content_type) : std::nullopt;
      return format ? read(*format, bytes, wanted) : guess(bytes, wanted);
    }
    case model::Decode::json:
      return read(Format::json, bytes, wanted);
    case model::Decode::cbor:
      return read(Format::cbor, bytes, wanted);
    case model::Decode::msgpack:
      return read(Format::msgpack, bytes, wanted);
    case model::Decode::text:
      return text_of(bytes);
    case model::Decode::bytes:
      return bytes_of(bytes);
  }
  return bytes_of(bytes);
}

}  // namespace

Result<Decoded> decode(std::string_view bytes, model::Decode how,
                       const std::optional<std::string>& content_type) {
  return decode(bytes, how, content_type, std::nullopt);
}

Result<Decoded> decode_members(std::string_view bytes, model::Decode how,
                               const std::optional<std::string>& content_type,
                               std::span<const std::string> members) {
  return decode(bytes, how, content_type, members);
}

}  // namespace sundial::decode
