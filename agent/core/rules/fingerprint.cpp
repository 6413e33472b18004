// Canonical bytes of a value, and MurmurHash3's 128-bit mix of them.
#include "agent/core/rules/fingerprint.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>
#include <vector>

#include "agent/core/rules/number.hpp"
#include "agent/core/rules/state_codec.hpp"

namespace sundial::rules {
namespace {

constexpr std::uint64_t kFirst = 0x87c37b91114253d5;
constexpr std::uint64_t kSecond = 0x4cf5ad432745937f;

std::uint64_t load(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size() && i < 8; ++i) {
    value |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  }
  return value;
}

std::uint64_t finish(std::uint64_t value) {
  value = (value ^ (value >> 33)) * 0xff51afd7ed558ccd;
  value = (value ^ (value >> 33)) * 0xc4ceb9fe1a85ec53;
  return value ^ (value >> 33);
}

// Writes equal values as equal bytes; false where a NaN is in it. Values are bounded in depth by
// what made them: a decoder or an expression.
bool write_canonical(StateWriter& out, const Value& value) {
  if (const std::optional<Number> number = Number::of(value)) {
    const double real = number->real();
    const bool fits = std::floor(real) == real && std::fabs(real) < 9.0e18;
    out.byte('n');
    if (number->whole()) {
      out.number(*number);
    } else {
      fits ? out.number(Number(static_cast<std::int64_t>(real))) : out.number(*number);
    }
    return true;
  }
  if (value.is<double>()) return false;
  if (const auto* list = value.get_if<List>()) {
    out.byte('l'), out.natural(list->size());
    return std::all_of(list->begin(), list->end(),
                       [&](const Value& each) { return write_canonical(out, each); });
  }
  if (const auto* map = value.get_if<Map>()) {
    std::vector<std::string> members;
    for (const auto& [key, member] : *map) {
      StateWriter one;
      if (!write_canonical(one, key) || !write_canonical(one, member)) return false;
      members.push_back(one.take());
    }
    std::sort(members.begin(), members.end());
    out.byte('m'), out.natural(members.size());
    for (const std::string& member : members) out.text(member);
    return true;
  }
  out.byte('v'), out.value(value);
  return true;
}

}  // namespace

Fingerprint fingerprint(std::string_view bytes) {
  std::uint64_t high = 0x53756e6469616c31;
  std::uint64_t low = high;
  const std::uint64_t size = bytes.size();
  for (; bytes.size() >= 16; bytes.remove_prefix(16)) {
    high ^= std::rotl(load(bytes) * kFirst, 31) * kSecond;
    high = (std::rotl(high, 27) + low) * 5 + 0x52dce729;
    low ^= std::rotl(load(bytes.substr(8)) * kSecond, 33) * kFirst;
    low = (std::rotl(low, 31) + high) * 5 + 0x38495ab5;
  }
  if (bytes.size() > 8) low ^= std::rotl(load(bytes.substr(8)) * kSecond, 33) * kFirst;
  high ^= std::rotl(load(bytes) * kFirst, 31) * kSecond;
  high ^= size;
  low ^= size;
  high += low;
  low += high;
  high = finish(high);
  low = finish(low);
  high += low;
  return {high, low + high};
}

std::optional<Fingerprint> fingerprint_of(const Value& value) {
  StateWriter out;
  if (!write_canonical(out, value)) return std::nullopt;
  return fingerprint(out.take());
}

}  // namespace sundial::rules
