// Conversions between types, and what is asked of texts.
#include "agent/core/expression/functions.hpp"

#include <array>
#include <charconv>
#include <cmath>

#include "agent/core/expression/lexer.hpp"
#include "platform/base/text.hpp"
#include "platform/json/json.hpp"

namespace sundial::expression {
namespace {

constexpr double kTwo63 = 9223372036854775808.0;
constexpr double kTwo64 = 18446744073709551616.0;

Operand refuse(const Machine& machine, const Operand& operand) {
  return machine.fail(Failure::wrong_type, operand.kind);
}

template <typename Number>
std::optional<Number> whole_number(std::string_view text) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  Number value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Operand size_of(Machine& machine, const Operand& operand) {
  const auto count = [](std::size_t size) { return Operand::of(static_cast<std::int64_t>(size)); };
  if (operand.kind == Kind::text) {
    constexpr std::size_t cheap = 256;  // bytes counted in one step
    if (!machine.spend(operand.view.size / cheap)) return machine.fail(Failure::steps);
    return count(code_points(operand.text()));
  }
  if (operand.kind == Kind::bytes) return count(operand.view.size);
  if (operand.kind == Kind::list) return count(operand.list().size());
  if (operand.kind == Kind::map) return count(operand.map().size());
  return refuse(machine, operand);
}

Operand to_int(const Machine& machine, const Operand& operand) {
  if (operand.kind == Kind::integer) return operand;
  if (operand.kind == Kind::timestamp) return Operand::of(operand.timestamp.seconds);
  if (operand.kind == Kind::unsigned_integer) {
    if (operand.unsigned_integer > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      return machine.fail(Failure::overflow);
    }
    return Operand::of(static_cast<std::int64_t>(operand.unsigned_integer));
  }
  if (operand.kind == Kind::number) {
    // CEL refuses both ends, which a double can't tell from what lies beyond.
    if (!(operand.number > -kTwo63 && operand.number < kTwo63)) return machine.fail(Failure::overflow);
    return Operand::of(static_cast<std::int64_t>(operand.number));
  }
  if (operand.kind == Kind::text) {
    const auto value = whole_number<std::int64_t>(operand.text());
    return value ? Operand::of(*value) : machine.fail(Failure::conversion, operand.kind);
  }
  return refuse(machine, operand);
}

Operand to_uint(const Machine& machine, const Operand& operand) {
  if (operand.kind == Kind::unsigned_integer) return operand;
  if (operand.kind == Kind::integer) {
    if (operand.integer < 0) return machine.fail(Failure::overflow);
    return Operand::of(static_cast<std::uint64_t>(operand.integer));
  }
  if (operand.kind == Kind::number) {
    if (!(operand.number >= 0 && operand.number < kTwo64)) return machine.fail(Failure::overflow);
    return Operand::of(static_cast<std::uint64_t>(operand.number));
  }
  if (operand.kind == Kind::text) {
    const auto value = whole_number<std::uint64_t>(operand.text());
    return value ? Operand::of(*value) : machine.fail(Failure::conversion, operand.kind);
  }
  return refuse(machine, operand);
}

Operand to_double(const Machine& machine, const Operand& operand) {
  if (is_number(operand.kind)) return Operand::of(as_double(operand));
  if (operand.kind != Kind::text) return refuse(machine, operand);
  std::string_view text = operand.text();
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  const auto value = double_of(text);
  return value ? Operand::of(*value) : machine.fail(Failure::conversion, operand.kind);
}

Operand to_bool(const Machine& machine, const Operand& operand) {
  if (operand.kind == Kind::boolean) return operand;
  if (operand.kind != Kind::text) return refuse(machine, operand);
  for (std::string_view yes : {"1", "t", "true", "TRUE", "True", "T"}) {
    if (operand.text() == yes) return Operand::of(true);
  }
  for (std::string_view no : {"0", "f", "false", "FALSE", "False", "F"}) {
    if (operand.text() == no) return Operand::of(false);
  }
  return machine.fail(Failure::conversion, operand.kind);
}

// The JSON form without its quotes: what times and lengths of time look like as text.
std::string bare(const Value& value) {
  std::string text = json::write(value);
  return text.substr(1, text.size() - 2);
}

Operand to_string(Machine& machine, const Operand& operand) {
  switch (operand.kind) {
    case Kind::text:
      return operand;
    case Kind::boolean:
      return Operand::of_text(operand.boolean ? "true" : "false");
    case Kind::integer:
      return machine.keep_text(std::to_string(operand.integer));
    case Kind::unsigned_integer:
      return machine.keep_text(std::to_string(operand.unsigned_integer));
    case Kind::number:
      return machine.keep_text(text_of_double(operand.number));
    case Kind::timestamp:
      return machine.keep_text(bare(operand.timestamp));
    case Kind::duration:
      return machine.keep_text(bare(operand.duration));
    case Kind::bytes:
      if (!is_utf8(operand.text())) return machine.fail(Failure::conversion, operand.kind);
      if (!machine.spend_memory(operand.view.size)) return machine.fail(Failure::memory);
      return machine.keep_text(std::string(operand.text()));
    case Kind::error:
    case Kind::null:
    case Kind::list:
    case Kind::map:
    case Kind::type:
      return refuse(machine, operand);
  }
  return refuse(machine, operand);
}

Operand to_bytes(Machine& machine, const Operand& operand) {
  if (operand.kind == Kind::bytes) return operand;
  if (operand.kind != Kind::text) return refuse(machine, operand);
  if (!machine.spend_memory(operand.view.size)) return machine.fail(Failure::memory);
  return machine.keep_bytes(std::string(operand.text()));
}

Operand to_timestamp(const Machine& machine, const Operand& operand) {
  if (operand.kind == Kind::timestamp) return operand;
  if (operand.kind == Kind::integer) {
    const Timestamp timestamp{operand.integer, 0};
    return is_valid(timestamp) ? Operand::of(timestamp) : machine.fail(Failure::overflow);
  }
  if (operand.kind != Kind::text) return refuse(machine, operand);
  const auto timestamp = parse_timestamp(operand.text());
  return timestamp ? Operand::of(*timestamp) : machine.fail(Failure::bad_time);
}

Operand to_duration(const Machine& machine, const Operand& operand) {
  if (operand.kind == Kind::duration) return operand;
  if (operand.kind != Kind::text) return refuse(machine, operand);
  const auto span = parse_span(operand.text());
  return span ? Operand::of(*span) : machine.fail(Failure::bad_time);
}

Operand ask_text(Machine& machine, Function function, const Operand& text, const Operand& sought) {
  if (text.kind != Kind::text || sought.kind != Kind::text) {
    return machine.fail(Failure::wrong_type, text.kind, sought.kind);
  }
  if (function == Function::starts_with) return Operand::of(text.text().starts_with(sought.text()));
  if (function == Function::ends_with) return Operand::of(text.text().ends_with(sought.text()));
  constexpr std::size_t cheap = 64;  // bytes of the text looked at in one step
  if (!machine.spend(text.view.size / cheap)) return machine.fail(Failure::steps);
  return Operand::of(text.text().find(sought.text()) != std::string_view::npos);
}

Operand match(Machine& machine, const Operand& text, const Operand& pattern) {
  if (text.kind != Kind::text || pattern.kind != Kind::text) {
    return machine.fail(Failure::wrong_type, text.kind, pattern.kind);
  }
  constexpr std::size_t compiling = 2000;  // steps that compiling a pattern of any size is worth
  if (!machine.spend(compiling + pattern.view.size)) return machine.fail(Failure::steps);
  const Result<Pattern> compiled = Pattern::compile(pattern.text());
  if (!compiled) return machine.fail(Failure::bad_pattern);
  constexpr std::size_t cheap = 128;
  if (!machine.spend(compiled->cost(text.view.size) / cheap)) return machine.fail(Failure::steps);
  return Operand::of(compiled->found_in(text.text()));
}

}  // namespace

std::string text_of_double(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
  std::array<char, 40> buffer{};
  const auto scientific =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, std::chars_format::scientific);
  const std::string_view shortest(buffer.data(), static_cast<std::size_t>(scientific.ptr - buffer.data()));
  const std::size_t e = shortest.find('e');
  std::string_view power = shortest.substr(e + 1);
  if (power.starts_with('+')) power.remove_prefix(1);
  int exponent = 0;
  std::from_chars(power.data(), power.data() + power.size(), exponent);
  // Go's %g, which CEL's reference writes: with an exponent below -4 and from a million on.
  if (exponent < -4 || exponent >= 6) return std::string(shortest);
  const auto fixed =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, std::chars_format::fixed);
  return {buffer.data(), fixed.ptr};
}

Operand call(Machine& machine, Function function, std::span<const Operand> arguments) {
  const Operand& first = arguments[0];
  switch (function) {
    case Function::size:
      return size_of(machine, first);
    case Function::int_:
      return to_int(machine, first);
    case Function::uint_:
      return to_uint(machine, first);
    case Function::double_:
      return to_double(machine, first);
    case Function::string:
      return to_string(machine, first);
    case Function::bytes:
      return to_bytes(machine, first);
    case Function::bool_:
      return to_bool(machine, first);
    case Function::type:
      return Operand::of_type(type_name(first.kind));
    case Function::timestamp:
      return to_timestamp(machine, first);
    case Function::duration:
      return to_duration(machine, first);
    case Function::matches:
      return match(machine, first, arguments[1]);
    case Function::contains:
    case Function::starts_with:
    case Function::ends_with:
      return ask_text(machine, function, first, arguments[1]);
    case Function::get_date:
    case Function::get_day_of_month:
    case Function::get_day_of_week:
    case Function::get_day_of_year:
    case Function::get_full_year:
    case Function::get_hours:
    case Function::get_milliseconds:
    case Function::get_minutes:
    case Function::get_month:
    case Function::get_seconds:
      return part_of_time(machine, function, arguments);
  }
  return refuse(machine, first);
}

}  // namespace sundial::expression
