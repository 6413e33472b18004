// Checked arithmetic.
#include "agent/core/expression/arithmetic.hpp"

#include <limits>

#include "agent/core/expression/functions.hpp"

namespace sundial::expression {
namespace {

bool is_whole(Kind kind) {
  return kind == Kind::integer || kind == Kind::unsigned_integer;
}

// An int and a uint, or a double beside either: what + - * make doubles of.
bool mixes_to_double(const Operand& left, const Operand& right) {
  return is_number(left.kind) && is_number(right.kind) &&
         (left.kind == Kind::number || right.kind == Kind::number);
}

Operand wrong_type(const Machine& machine, const Operand& left, const Operand& right) {
  return machine.fail(Failure::wrong_type, left.kind, right.kind);
}

Operand add_span(Machine& machine, Timestamp time, TimeSpan span, int sign) {
  std::int64_t seconds = time.seconds + sign * span.seconds;  // both far below 2^62
  std::int32_t nanos = time.nanos + sign * span.nanos;
  constexpr std::int32_t second = 1'000'000'000;
  if (nanos < 0) {
    nanos += second;
    --seconds;
  } else if (nanos >= second) {
    nanos -= second;
    ++seconds;
  }
  const Timestamp sum{seconds, nanos};
  return is_valid(sum) ? Operand::of(sum) : machine.fail(Failure::overflow);
}

Operand span_or_overflow(const Machine& machine, std::int64_t seconds, std::int64_t nanos) {
  const auto span = span_of_nanos(seconds, nanos);
  return span ? Operand::of(*span) : machine.fail(Failure::overflow);
}

Operand join_texts(Machine& machine, const Operand& left, const Operand& right) {
  const bool bytes = left.kind == Kind::bytes;
  if (!machine.spend_memory(right.view.size + (left.temporary ? 0 : left.view.size))) {
    return machine.fail(Failure::memory);
  }
  if (left.temporary) {
    // The text on the left was made for this sum alone: it grows in its place.
    Value& kept = machine.arena_value(left);
    std::string& text = bytes ? kept.get_if<Bytes>()->data : *kept.get_if<std::string>();
    text.append(right.text());
    Operand joined = left;
    joined.view = {text.data(), text.size()};
    return joined;
  }
  std::string joined;
  joined.reserve(left.view.size + right.view.size);
  joined.append(left.text()).append(right.text());
  return bytes ? machine.keep_bytes(std::move(joined)) : machine.keep_text(std::move(joined));
}

Operand join_lists(Machine& machine, const Operand& left, const Operand& right) {
  std::size_t depth = 0;
  std::size_t right_depth = 0;
  std::optional<Value> joined = machine.own(left, depth);
  std::optional<Value> more = machine.own(right, right_depth);
  if (!joined || !more) return machine.fail(Failure::memory);
  List& items = *joined->get_if<List>();
  List& added = *more->get_if<List>();
  items.insert(items.end(), std::make_move_iterator(added.begin()), std::make_move_iterator(added.end()));
  return machine.keep(std::move(*joined), std::max(depth, right_depth));
}

template <typename Int, typename Operation>
Operand checked(const Machine& machine, Int left, Int right, Operation operation) {
  Int result = 0;
  if (operation(left, right, &result)) return machine.fail(Failure::overflow);
  return Operand::of(result);
}

}  // namespace

Operand add(Machine& machine, const Operand& left, const Operand& right) {
  if (mixes_to_double(left, right)) return Operand::of(as_double(left) + as_double(right));
  if (left.kind == Kind::timestamp && right.kind == Kind::duration) {
    return add_span(machine, left.timestamp, right.duration, 1);
  }
  if (left.kind == Kind::duration && right.kind == Kind::timestamp) {
    return add_span(machine, right.timestamp, left.duration, 1);
  }
  if (left.kind != right.kind) return wrong_type(machine, left, right);
  switch (left.kind) {
    case Kind::integer:
      return checked(machine, left.integer, right.integer,
                     [](auto a, auto b, auto* sum) { return __builtin_add_overflow(a, b, sum); });
    case Kind::unsigned_integer:
      return checked(machine, left.unsigned_integer, right.unsigned_integer,
                     [](auto a, auto b, auto* sum) { return __builtin_add_overflow(a, b, sum); });
    case Kind::text:
    case Kind::bytes:
      return join_texts(machine, left, right);
    case Kind::list:
      return join_lists(machine, left, right);
    case Kind::duration:
      return span_or_overflow(machine, left.duration.seconds + right.duration.seconds,
                              std::int64_t{left.duration.nanos} + right.duration.nanos);
    case Kind::error:
    case Kind::null:
    case Kind::boolean:
    case Kind::number:
    case Kind::map:
    case Kind::timestamp:
    case Kind::type:
      return wrong_type(machine, left, right);
  }
  return wrong_type(machine, left, right);
}

Operand subtract(Machine& machine, const Operand& left, const Operand& right) {
  if (mixes_to_double(left, right)) return Operand::of(as_double(left) - as_double(right));
  if (left.kind == Kind::timestamp && right.kind == Kind::duration) {
    return add_span(machine, left.timestamp, right.duration, -1);
  }
  if (left.kind != right.kind) return wrong_type(machine, left, right);
  if (left.kind == Kind::integer) {
    return checked(machine, left.integer, right.integer,
                   [](auto a, auto b, auto* rest) { return __builtin_sub_overflow(a, b, rest); });
  }
  if (left.kind == Kind::unsigned_integer) {
    return checked(machine, left.unsigned_integer, right.unsigned_integer,
                   [](auto a, auto b, auto* rest) { return __builtin_sub_overflow(a, b, rest); });
  }
  if (left.kind == Kind::timestamp) {
    return span_or_overflow(machine, left.timestamp.seconds - right.timestamp.seconds,
                            std::int64_t{left.timestamp.nanos} - right.timestamp.nanos);
  }
  if (left.kind == Kind::duration) {
    return span_or_overflow(machine, left.duration.seconds - right.duration.seconds,
                            std::int64_t{left.duration.nanos} - right.duration.nanos);
  }
  return wrong_type(machine, left, right);
}

Operand multiply(Machine& machine, const Operand& left, const Operand& right) {
  if (mixes_to_double(left, right)) return Operand::of(as_double(left) * as_double(right));
  const auto times = [](auto a, auto b, auto* product) { return __builtin_mul_overflow(a, b, product); };
  if (left.kind == Kind::integer && right.kind == Kind::integer) {
    return checked(machine, left.integer, right.integer, times);
  }
  if (left.kind == Kind::unsigned_integer && right.kind == Kind::unsigned_integer) {
    return checked(machine, left.unsigned_integer, right.unsigned_integer, times);
  }
  return wrong_type(machine, left, right);
}

Operand divide(Machine& machine, const Operand& left, const Operand& right, bool whole) {
  if (!is_number(left.kind) || !is_number(right.kind)) return wrong_type(machine, left, right);
  if (!whole || left.kind == Kind::number || right.kind == Kind::number) {
    return Operand::of(as_double(left) / as_double(right));
  }
  if (left.kind != right.kind) return wrong_type(machine, left, right);
  if (left.kind == Kind::unsigned_integer) {
    if (right.unsigned_integer == 0) return machine.fail(Failure::division_by_zero);
    return Operand::of(left.unsigned_integer / right.unsigned_integer);
  }
  if (right.integer == 0) return machine.fail(Failure::division_by_zero);
  if (left.integer == std::numeric_limits<std::int64_t>::min() && right.integer == -1) {
    return machine.fail(Failure::overflow);
  }
  return Operand::of(left.integer / right.integer);
}

Operand modulo(Machine& machine, const Operand& left, const Operand& right) {
  if (left.kind != right.kind || !is_whole(left.kind)) return wrong_type(machine, left, right);
  if (left.kind == Kind::unsigned_integer) {
    if (right.unsigned_integer == 0) return machine.fail(Failure::division_by_zero);
    return Operand::of(left.unsigned_integer % right.unsigned_integer);
  }
  if (right.integer == 0) return machine.fail(Failure::division_by_zero);
  if (right.integer == -1) {
    // The one quotient that is no int has a remainder all the same; CEL calls it an overflow.
    if (left.integer == std::numeric_limits<std::int64_t>::min()) return machine.fail(Failure::overflow);
    return Operand::of(std::int64_t{0});
  }
  return Operand::of(left.integer % right.integer);
}

Operand negate(Machine& machine, const Operand& operand) {
  if (operand.kind == Kind::number) return Operand::of(-operand.number);
  if (operand.kind != Kind::integer) return machine.fail(Failure::wrong_type, operand.kind);
  if (operand.integer == std::numeric_limits<std::int64_t>::min()) return machine.fail(Failure::overflow);
  return Operand::of(-operand.integer);
}

}  // namespace sundial::expression
