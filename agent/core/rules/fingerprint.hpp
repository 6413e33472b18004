// Fingerprints: 16 bytes that stand for a value or a text, the same on every machine and version.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "platform/base/value.hpp"

namespace sundial::rules {

struct Fingerprint {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
};

Fingerprint fingerprint(std::string_view bytes);

// Values that are equal as CEL compares them (1 and 1.0, maps whatever the order of their members)
// have equal fingerprints. Nothing for what equals nothing: NaN, or what holds one.
std::optional<Fingerprint> fingerprint_of(const Value& value);

}  // namespace sundial::rules
