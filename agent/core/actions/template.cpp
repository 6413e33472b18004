// Cutting texts into literals and expressions, and putting them together again.
#include "agent/core/actions/template.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "agent/core/expression/value_semantics.hpp"
#include "platform/base/text.hpp"
#include "platform/base/time.hpp"
#include "platform/json/json.hpp"

namespace sundial::actions {
namespace {

using expression::Variable;

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// Whether the quote at `at` opens a raw text: r'…', br"…".
bool is_raw(std::string_view text, std::size_t at) {
  std::size_t begin = at;
  while (begin > 0 && is_name_character(text[begin - 1])) --begin;
  const std::string prefix = lower_ascii(text.substr(begin, at - begin));
  return prefix == "r" || prefix == "rb" || prefix == "br";
}

// Behind the text in quotes that begins at `at`; the end where it is never closed.
std::size_t skip_quotes(std::string_view text, std::size_t at) {
  const char quote = text[at];
  const bool raw = is_raw(text, at);
  const bool triple = text.substr(at, 3) == std::string(3, quote);
  const std::size_t length = triple ? 3 : 1;
  for (std::size_t i = at + length; i < text.size(); ++i) {
    if (text[i] == '\\' && !raw) {
      ++i;
    } else if (text[i] == quote && text.substr(i, length) == std::string(length, quote)) {
      return i + length;
    }
  }
  return text.size();
}

// Where the expression that begins at `at` ends: at the first } outside quotes and brackets.
std::size_t end_of_expression(std::string_view text, std::size_t at) {
  std::size_t open = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '\'' || c == '"') {
      at = skip_quotes(text, at);
      continue;
    }
    if (c == '}' && open == 0) return at;
    if (c == '(' || c == '[' || c == '{') ++open;
    if ((c == ')' || c == ']' || c == '}') && open > 0) --open;
    ++at;
  }
  return std::string_view::npos;
}

model::Position shifted(const model::Text& text, std::size_t offset) {
  model::Position at = text.at;
  const std::string_view before = std::string_view(text.text).substr(0, offset);
  if (at.line > 0 && before.find('\n') == std::string_view::npos) {
    at.column += static_cast<int>(code_points(before));
  }
  return at;
}

std::string number_text(const Value& number) {
  const double* fractional = number.get_if<double>();
  if (fractional != nullptr && !std::isfinite(*fractional)) {
    return std::isnan(*fractional) ? "NaN" : *fractional > 0 ? "Infinity" : "-Infinity";
  }
  return json::write(number);
}

Instant instant_of(Timestamp time) {
  return Instant{std::chrono::seconds{time.seconds} + Millis{time.nanos / 1'000'000}};
}

// Due times in text are written as Temporal's own schedules write them: no fraction on a whole second.
std::string part_text(const expression::Expression& expression, const Value& value) {
  const Timestamp* time = value.get_if<Timestamp>();
  if (time != nullptr && expression.is_exactly(Variable::schedule, "time")) {
    return format_rfc3339(instant_of(*time), Fraction::when_needed);
  }
  return text_of(value);
}

}  // namespace

std::string text_of(const Value& value) {
  if (const std::string* text = value.text()) return *text;
  if (const Timestamp* time = value.get_if<Timestamp>())
    return format_rfc3339(instant_of(*time), Fraction::always);
  if (const Bytes* bytes = value.get_if<Bytes>()) return base64_encode(bytes->data);
  if (const TypeName* type = value.get_if<TypeName>()) return type->name;
  if (expression::is_number(value)) return number_text(value);
  std::string text = json::write(value);
  return value.is<TimeSpan>() ? text.substr(1, text.size() - 2) : text;
}

std::optional<Template> Template::compile(const model::Text& text, const expression::Scope& scope,
                                          std::string_view where, std::vector<model::Problem>& problems) {
  const std::string_view all = text.text;
  const std::size_t problems_before = problems.size();
  std::vector<Part> parts;
  std::string literal;
  const auto refuse = [&](std::size_t offset, std::string what) {
    problems.push_back({shifted(text, offset + 1), std::string(where), std::move(what)});
  };
  std::size_t i = 0;
  while (i < all.size()) {
    const char c = all[i];
    const bool doubled = all.substr(i, 2) == std::string(2, c);
    if ((c == '{' || c == '}') && doubled) {
      literal += c;
      i += 2;
      continue;
    }
    if (c == '}') refuse(i, "a } that closes nothing; a brace in the text is written }}");
    if (c != '{') {
      literal += c;
      ++i;
      continue;
    }
    const std::size_t end = end_of_expression(all, i + 1);
    if (end == std::string_view::npos) {
      refuse(i, "this { is never closed; a brace in the text is written {{");
      break;
    }
    if (!literal.empty()) parts.push_back({std::exchange(literal, {}), std::nullopt});
    const model::Text inner{std::string(all.substr(i + 1, end - i - 1)), shifted(text, i + 1)};
    if (auto compiled = expression::Expression::compile(inner, scope, where, problems)) {
      parts.push_back({{}, std::move(compiled)});
    }
    i = end + 1;
  }
  if (problems.size() != problems_before) return std::nullopt;
  if (!literal.empty()) parts.push_back({std::move(literal), std::nullopt});
  return Template(std::move(parts));
}

Result<Value> Template::render(const expression::Bindings& bindings) const {
  if (parts_.size() == 1 && parts_[0].expression) {
    const expression::Expression& only = *parts_[0].expression;
    if (bindings.payload_json && only.is_exactly(Variable::payload)) {
      std::string json(*bindings.payload_json);
      std::replace_if(
          json.begin(), json.end(), [](char c) { return c == '\r' || c == '\n'; }, ' ');
      return Value(Verbatim{std::move(json)});
    }
    return only.evaluate(bindings);
  }
  std::string text;
  for (const Part& part : parts_) {
    if (!part.expression) {
      text += part.literal;
      continue;
    }
    const Result<Value> value = part.expression->evaluate(bindings);
    if (!value) return value.error();
    text += part_text(*part.expression, *value);
  }
  return Value(std::move(text));
}

Result<std::string> Template::render_text(const expression::Bindings& bindings) const {
  if (parts_.size() == 1 && parts_[0].expression) {
    const Result<Value> value = parts_[0].expression->evaluate(bindings);
    if (!value) return value.error();
    if (value->text() != nullptr) return *value->text();
    if (expression::is_number(*value)) return number_text(*value);
    return Error(ErrorKind::invalid, fmt::format("'{{{}}}' comes out as neither text nor number",
                                                 printable(parts_[0].expression->text(), 60)));
  }
  const Result<Value> value = render(bindings);
  if (!value) return value.error();
  return *value->text();
}

std::optional<std::string> Template::constant() const {
  if (parts_.empty()) return "";
  if (parts_.size() == 1 && !parts_[0].expression) return parts_[0].literal;
  return std::nullopt;
}

expression::Variables Template::uses() const {
  expression::Variables all;
  for (const Part& part : parts_) {
    if (part.expression) all.add(part.expression->uses());
  }
  return all;
}

bool Template::names(Variable variable, std::string_view field) const {
  return std::any_of(parts_.begin(), parts_.end(), [&](const Part& part) {
    return part.expression && part.expression->names(variable, field);
  });
}

}  // namespace sundial::actions
