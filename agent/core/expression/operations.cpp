// Members, indexes, comparisons and literals of lists and maps.
#include <unordered_set>

#include <fmt/format.h>

#include "agent/core/expression/expression.hpp"
#include "agent/core/expression/machine.hpp"
#include "agent/core/expression/value_semantics.hpp"
#include "platform/base/text.hpp"

namespace sundial::expression {
namespace {

bool may_be_key(Kind kind) {
  return kind == Kind::text || kind == Kind::boolean || kind == Kind::integer ||
         kind == Kind::unsigned_integer;
}

// The place in a list that a number means, where it means one.
std::optional<std::size_t> place_of(const Operand& key, std::size_t size) {
  const std::partial_ordering above = compare(key, Operand::of(std::int64_t{-1}));
  const std::partial_ordering below = compare(key, Operand::of(std::uint64_t{size}));
  if (above <= 0 || below >= 0) return std::nullopt;
  const double number = as_double(key);
  const auto place = static_cast<std::size_t>(number);  // sizes are far below 2^53
  return static_cast<double>(place) == number ? std::optional(place) : std::nullopt;
}

// What went wrong, for people; `field` is the name that was asked for, where one was.
std::string said_of(const Operand::Reason& reason, std::string_view field) {
  const std::string_view left = type_name(reason.left);
  switch (reason.failure) {
    case Failure::wrong_type:
      if (reason.right == Kind::null) return fmt::format("this can't be done with {}", left);
      return fmt::format("this can't be done with {} and {}", left, type_name(reason.right));
    case Failure::no_field:
      return fmt::format("there is no field '{}'", printable(field, 60));
    case Failure::no_key:
      return "there is no such key";
    case Failure::out_of_range:
      return "the index is out of range";
    case Failure::overflow:
      return "the result is out of range";
    case Failure::division_by_zero:
      return "division by zero";
    case Failure::conversion:
      return fmt::format("this {} can't be converted", left);
    case Failure::bad_time:
      return "this is no time or duration; a time is 2026-01-31T08:00:00Z, a duration 1h30m";
    case Failure::bad_zone:
      return "there is no such time zone";
    case Failure::bad_pattern:
      return "this is no regular expression of RE2";
    case Failure::bad_key:
      return fmt::format("{} can't be the key of a map", left);
    case Failure::repeated_key:
      return "a key of the map is there twice";
    case Failure::not_bool:
      return fmt::format("a condition must be bool, and this is {}", left);
    case Failure::unbound:
      return "this has no value here";
    case Failure::too_deep:
      return "the value is nested too deeply";
    case Failure::steps:
      return "it takes too many steps";
    case Failure::memory:
      return "its values take too much memory";
  }
  return "it failed";
}

}  // namespace

Operand Machine::select(const Operand& map, std::uint32_t name) {
  if (map.kind == Kind::error) return map;
  if (map.kind != Kind::map) return fail(Failure::wrong_type, map.kind);
  const Map& members = map.map();
  if (!spend(members.size() / 16)) return fail(Failure::steps);
  const Value* member = members.find(program_.names[name]);
  return member == nullptr ? fail(Failure::no_field) : Operand::of(*member);
}

Operand Machine::has(const Operand& map, std::uint32_t name) {
  const Operand member = select(map, name);
  if (member.kind != Kind::error) return Operand::of(true);
  if (map.kind == Kind::map && !exhausted_) return Operand::of(false);
  return member;
}

Operand Machine::index(const Operand& range, const Operand& key) {
  if (range.kind == Kind::list) {
    if (!is_number(key.kind)) return fail(Failure::wrong_type, range.kind, key.kind);
    const auto place = place_of(key, range.list().size());
    return place ? Operand::of(range.list()[*place]) : fail(Failure::out_of_range);
  }
  if (range.kind != Kind::map) return fail(Failure::wrong_type, range.kind, key.kind);
  const Value* member = find_member(range.map(), key, steps_);
  return member == nullptr ? fail(Failure::no_key) : Operand::of(*member);
}

Operand Machine::contains(const Operand& element, const Operand& range) {
  if (range.kind == Kind::map) return Operand::of(find_member(range.map(), element, steps_) != nullptr);
  if (range.kind != Kind::list) return fail(Failure::wrong_type, element.kind, range.kind);
  for (const Value& item : range.list()) {
    if (equal(element, Operand::of(item), steps_)) return Operand::of(true);
    if (steps_ == 0) break;
  }
  return Operand::of(false);
}

Operand Machine::ordered(Op op, const Operand& left, const Operand& right) {
  const bool comparable = is_number(left.kind) ? is_number(right.kind) : left.kind == right.kind;
  const bool has_order = comparable && left.kind != Kind::null && left.kind != Kind::list &&
                         left.kind != Kind::map && left.kind != Kind::type;
  if (!has_order) return fail(Failure::wrong_type, left.kind, right.kind);
  const std::partial_ordering order = compare(left, right);
  switch (op) {
    case Op::less:
      return Operand::of(order < 0);
    case Op::less_equal:
      return Operand::of(order <= 0);
    case Op::greater:
      return Operand::of(order > 0);
    default:
      return Operand::of(order >= 0);
  }
}

Operand Machine::make_list(std::size_t count) {
  const std::span<const Operand> operands(stack_ + top_ - count, count);
  top_ -= count;
  List items;
  items.reserve(count);
  std::size_t depth = 0;
  if (!spend_memory(count * sizeof(Value))) return fail(Failure::memory);
  for (const Operand& operand : operands) {
    if (operand.kind == Kind::error) return operand;
    std::size_t inner = 0;
    std::optional<Value> item = own(operand, inner);
    if (!item) return fail(Failure::memory);
    depth = std::max(depth, inner + 1);
    items.push_back(std::move(*item));
  }
  return depth > kMaxValueDepth ? fail(Failure::too_deep) : keep(Value(std::move(items)), depth);
}

Operand Machine::make_map(std::size_t count) {
  const std::span<const Operand> operands(stack_ + top_ - 2 * count, 2 * count);
  top_ -= 2 * count;
  for (const Operand& operand : operands) {
    if (operand.kind == Kind::error) return operand;
  }
  std::vector<Map::Member> members;
  members.reserve(count);
  std::unordered_set<Value, Hash, Equal> keys;
  std::size_t depth = 0;
  if (!spend_memory(2 * count * sizeof(Value))) return fail(Failure::memory);
  for (std::size_t i = 0; i < count; ++i) {
    std::size_t inner = 0;
    if (!may_be_key(operands[2 * i].kind)) return fail(Failure::bad_key, operands[2 * i].kind);
    std::optional<Value> key = own(operands[2 * i], inner);
    std::optional<Value> value = own(operands[2 * i + 1], inner);
    if (!key || !value) return fail(Failure::memory);
    if (!keys.insert(*key).second) return fail(Failure::repeated_key);
    depth = std::max(depth, inner + 1);
    members.emplace_back(std::move(*key), std::move(*value));
  }
  return depth > kMaxValueDepth ? fail(Failure::too_deep) : keep(Value(Map::of(std::move(members))), depth);
}

Operand Machine::found(const Pattern& pattern, const Operand& text) {
  if (text.kind != Kind::text) return fail(Failure::wrong_type, text.kind);
  // The automaton does thousands of its own steps in one of ours.
  constexpr std::size_t cheap = 128;
  if (!spend(pattern.cost(text.view.size) / cheap)) return fail(Failure::steps);
  return Operand::of(pattern.found_in(text.text()));
}

std::shared_ptr<const TimeZone> Machine::zone(std::string_view name) const {
  for (const auto& [known, zone] : program_.zones) {
    if (known == name) return zone;
  }
  if (program_.zone_source == nullptr) return nullptr;
  const auto zone = program_.zone_source->find(name);
  return zone ? *zone : nullptr;
}

std::string Machine::describe(const Operand& error) const {
  const std::size_t failed = std::min<std::size_t>(error.slot, program_.code.size() - 1);
  const Instruction& instruction = program_.code[failed];
  const bool by_name = instruction.op == Op::select || instruction.op == Op::has;
  const std::string_view name = by_name ? std::string_view(program_.names[instruction.a]) : "";
  const std::string_view text = program_.text;
  const std::string_view near = text.substr(std::min<std::size_t>(instruction.offset, text.size()));
  return fmt::format("{} (at '{}')", said_of(error.reason, name),
                     printable(near.substr(0, near.find('\n')), 24));
}

}  // namespace sundial::expression
