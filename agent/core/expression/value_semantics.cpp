// CEL's equality, order and hash for values as rules keep them.
#include "agent/core/expression/value_semantics.hpp"

#include <cmath>
#include <functional>
#include <limits>

#include "agent/core/expression/operand.hpp"

namespace sundial::expression {
namespace {

std::size_t mixed(std::size_t seed, std::size_t more) {
  return seed ^ (more + 0x9e3779b97f4a7c15ULL + (seed << 6U) + (seed >> 2U));
}

// Ints so near to 2^63 that they equal it as a double hash as it does.
std::size_t hash_whole(std::uint64_t bits) {
  constexpr std::uint64_t two63 = std::uint64_t{1} << 63U;
  return std::hash<std::uint64_t>{}(bits >= two63 - 512 && bits <= two63 ? two63 : bits);
}

std::size_t hash_number(const Operand& number) {
  if (number.kind == Kind::integer && number.integer < 0) {
    return std::hash<std::uint64_t>{}(static_cast<std::uint64_t>(number.integer));
  }
  if (number.kind == Kind::integer) return hash_whole(static_cast<std::uint64_t>(number.integer));
  if (number.kind == Kind::unsigned_integer) {
    const double nearest = static_cast<double>(number.unsigned_integer);
    constexpr double two64 = 18446744073709551616.0;
    return nearest == two64 ? std::hash<double>{}(two64) : hash_whole(number.unsigned_integer);
  }
  // A whole double hashes as the int that it equals.
  constexpr double two63 = 9223372036854775808.0;
  const double value = number.number;
  if (value == std::trunc(value) && value >= -two63 && value < 2 * two63) {
    if (value < 0)
      return std::hash<std::uint64_t>{}(static_cast<std::uint64_t>(static_cast<std::int64_t>(value)));
    return hash_whole(static_cast<std::uint64_t>(value));
  }
  return std::hash<double>{}(value);
}

}  // namespace

bool equal(const Value& left, const Value& right) {
  Steps steps = std::numeric_limits<Steps>::max();
  return equal(Operand::of(left), Operand::of(right), steps);
}

std::partial_ordering compare(const Value& left, const Value& right) {
  return compare(Operand::of(left), Operand::of(right));
}

std::size_t hash(const Value& value) {
  const Operand operand = Operand::of(value);
  if (is_number(operand.kind)) return hash_number(operand);
  const std::size_t seed = static_cast<std::size_t>(operand.kind) + 1;
  switch (operand.kind) {
    case Kind::text:
    case Kind::bytes:
    case Kind::type:
      return mixed(seed, std::hash<std::string_view>{}(operand.text()));
    case Kind::boolean:
      return mixed(seed, operand.boolean ? 1 : 0);
    case Kind::timestamp:
    case Kind::duration: {
      const Timestamp parts = operand.kind == Kind::timestamp
                                  ? operand.timestamp
                                  : Timestamp{operand.duration.seconds, operand.duration.nanos};
      return mixed(mixed(seed, static_cast<std::size_t>(parts.seconds)),
                   static_cast<std::size_t>(parts.nanos));
    }
    case Kind::list: {
      std::size_t sum = seed;
      for (const Value& item : operand.list()) sum = mixed(sum, hash(item));
      return sum;
    }
    case Kind::map: {
      std::size_t sum = seed;  // added up, since the order of members does not count
      for (const auto& [key, member] : operand.map()) sum += mixed(hash(key), hash(member));
      return sum;
    }
    case Kind::error:
    case Kind::null:
    case Kind::integer:
    case Kind::unsigned_integer:
    case Kind::number:
      return seed;
  }
  return seed;
}

bool is_number(const Value& value) {
  return is_number(Operand::of(value).kind);
}

double as_double(const Value& value) {
  const Operand operand = Operand::of(value);
  return is_number(operand.kind) ? as_double(operand) : 0;
}

std::size_t memory_of(const Value& value) {
  const Operand operand = Operand::of(value);
  std::size_t sum = sizeof(Value);
  if (operand.kind == Kind::text || operand.kind == Kind::bytes || operand.kind == Kind::type) {
    constexpr std::size_t kept_inside = 15;  // what libstdc++ keeps without an allocation
    if (operand.view.size > kept_inside) sum += operand.view.size + 1;
  } else if (operand.kind == Kind::list) {
    for (const Value& item : operand.list()) sum += memory_of(item);
  } else if (operand.kind == Kind::map) {
    for (const auto& [key, member] : operand.map()) sum += memory_of(key) + memory_of(member);
  }
  return sum;
}

}  // namespace sundial::expression
