// How values are put together from what the binary readers find.
#include "agent/core/decode/builder.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/format.h>

#include "platform/json/json.hpp"

namespace sundial::decode {
namespace {

// The last of members with one name counts, in the first one's place; sorted, so that many cost little.
std::vector<Map::Member> without_repeats(std::vector<Map::Member> members) {
  std::vector<std::size_t> order(members.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto name = [&members](std::size_t i) -> const std::string& { return *members[i].first.text(); };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return name(a) < name(b); });
  std::vector<bool> repeated(members.size(), false);
  for (std::size_t i = 0; i < order.size();) {
    std::size_t last = i;
    while (last + 1 < order.size() && name(order[last + 1]) == name(order[i])) repeated[order[++last]] = true;
    if (last != i) members[order[i]].second = std::move(members[order[last]].second);
    i = last + 1;
  }
  std::vector<Map::Member> kept;
  kept.reserve(members.size());
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (!repeated[i]) kept.push_back(std::move(members[i]));
  }
  return kept;
}

}  // namespace

std::optional<std::uint8_t> Reader::byte() {
  const auto one = take(1);
  return one ? std::optional(static_cast<std::uint8_t>(one->front())) : std::nullopt;
}

std::optional<std::uint64_t> Reader::number(std::size_t size) {
  const auto bytes = take(size);
  if (!bytes) return std::nullopt;
  std::uint64_t value = 0;
  for (char c : *bytes) value = value << 8U | static_cast<std::uint8_t>(c);
  return value;
}

std::optional<std::string_view> Reader::take(std::uint64_t size) {
  if (size > rest_.size()) return std::nullopt;
  const std::string_view taken = rest_.substr(0, static_cast<std::size_t>(size));
  rest_.remove_prefix(static_cast<std::size_t>(size));
  return taken;
}

Result<void> Builder::put(Value value) {
  if (open_.empty()) {
    root_ = std::move(value);
    done_ = true;
    return {};
  }
  Open& container = open_.back();
  if (!container.is_map) {
    container.items.push_back(std::move(value));
  } else if (container.name) {
    container.members.emplace_back(Value(std::move(*container.name)), std::move(value));
    container.name.reset();
  } else if (const std::string* name = value.text()) {
    container.name = *name;
    return {};
  } else {
    return Error(ErrorKind::invalid, "a map has a key that is no text");
  }
  if (container.left) --*container.left;
  return {};
}

Result<void> Builder::add(Value value) {
  Result<void> added = put(std::move(value));
  if (added) finish_full();
  return added;
}

Result<void> Builder::open(bool is_map, std::optional<std::uint64_t> count) {
  if (open_.size() >= json::kMaxDepth) {
    return Error(ErrorKind::exhausted, fmt::format("it is nested deeper than {} levels", json::kMaxDepth));
  }
  if (!open_.empty() && open_.back().is_map && !open_.back().name) {
    return Error(ErrorKind::invalid, "a map has a key that is no text");
  }
  open_.push_back({is_map, count, std::nullopt, {}, {}});
  finish_full();
  return {};
}

bool Builder::close() {
  if (open_.empty() || open_.back().left || open_.back().name) return false;
  open_.back().left = 0;
  finish_full();
  return true;
}

// Containers that have all their items become items of what they stand in.
void Builder::finish_full() {
  while (!open_.empty() && open_.back().left == std::uint64_t{0}) {
    Open full = std::move(open_.back());
    open_.pop_back();
    Value value =
        full.is_map ? Value(Map::of(without_repeats(std::move(full.members)))) : Value(std::move(full.items));
    (void)put(std::move(value));  // where a key was due, `open` has refused it
  }
}

double half_to_double(std::uint16_t half) {
  const int exponent = half >> 10U & 0x1FU;
  const int mantissa = half & 0x3FFU;
  double value = 0;
  if (exponent == 0) {
    value = std::ldexp(mantissa, -24);
  } else if (exponent != 31) {
    value = std::ldexp(mantissa + 1024, exponent - 25);
  } else {
    value =
        mantissa == 0 ? std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
  }
  return (half & 0x8000U) != 0 ? -value : value;
}

Value number_or_null(double number) {
  return std::isfinite(number) ? Value(number) : Value();
}

Value whole_number(std::uint64_t magnitude, bool negative_minus_one) {
  constexpr auto largest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (magnitude > largest) {
    const auto number = static_cast<double>(magnitude);
    return negative_minus_one ? -1.0 - number : number;
  }
  const auto number = static_cast<std::int64_t>(magnitude);
  return negative_minus_one ? -1 - number : number;
}

Error truncated() {
  return {ErrorKind::invalid, "the payload ends too early"};
}

Error not_supported(std::string_view what) {
  return {ErrorKind::invalid, fmt::format("{} cannot be decoded", what)};
}

}  // namespace sundial::decode
