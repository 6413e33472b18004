// The meaning of literals: escapes of texts, and numbers at their bounds.
#include <array>
#include <charconv>
#include <limits>

#include "agent/core/expression/lexer.hpp"

namespace sundial::expression {
namespace {

void append_code_point(std::string& out, std::uint32_t code) {
  const auto byte = [&out](std::uint32_t value) { out += static_cast<char>(value); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xC0 | code >> 6U);
    byte(0x80 | (code & 0x3FU));
  } else if (code < 0x10000) {
    byte(0xE0 | code >> 12U);
    byte(0x80 | (code >> 6U & 0x3FU));
    byte(0x80 | (code & 0x3FU));
  } else {
    byte(0xF0 | code >> 18U);
    byte(0x80 | (code >> 12U & 0x3FU));
    byte(0x80 | (code >> 6U & 0x3FU));
    byte(0x80 | (code & 0x3FU));
  }
}

// Takes exactly `count` digits of this base off the front of `rest`.
std::optional<std::uint32_t> take_code(std::string_view& rest, std::size_t count, int base) {
  if (rest.size() < count) return std::nullopt;
  std::uint32_t code = 0;
  const auto [end, problem] = std::from_chars(rest.data(), rest.data() + count, code, base);
  if (problem != std::errc{} || end != rest.data() + count) return std::nullopt;
  rest.remove_prefix(count);
  return code;
}

std::optional<char> simple_escape(char c) {
  constexpr std::string_view names = "abfnrtv\\?\"'`";
  constexpr std::string_view meanings = "\a\b\f\n\r\t\v\\?\"'`";
  const std::size_t at = names.find(c);
  return at == std::string_view::npos ? std::nullopt : std::optional(meanings[at]);
}

// One escape, the backslash already taken; false where there is no such escape.
bool append_escape(std::string& out, std::string_view& rest, bool bytes) {
  if (rest.empty()) return false;
  const char c = rest.front();
  if (const auto simple = simple_escape(c)) {
    rest.remove_prefix(1);
    out += *simple;
    return true;
  }
  std::optional<std::uint32_t> code;
  const bool by_value = c == 'x' || c == 'X' || (c >= '0' && c <= '3');
  if (c == 'x' || c == 'X') {
    rest.remove_prefix(1);
    code = take_code(rest, 2, 16);
  } else if (c >= '0' && c <= '3') {
    code = take_code(rest, 3, 8);
  } else if ((c == 'u' || c == 'U') && !bytes) {
    rest.remove_prefix(1);
    code = take_code(rest, c == 'u' ? 4 : 8, 16);
  }
  if (!code || *code > 0x10FFFF || (*code >= 0xD800 && *code <= 0xDFFF)) return false;
  if (bytes && by_value) {
    out += static_cast<char>(*code);
  } else {
    append_code_point(out, *code);
  }
  return true;
}

}  // namespace

std::optional<std::string> unescape(const Token& token, std::string_view& what) {
  std::string_view rest = token.text;
  bool raw = false;
  for (; rest.front() != '\'' && rest.front() != '"'; rest.remove_prefix(1)) {
    raw = raw || rest.front() == 'r' || rest.front() == 'R';
  }
  const std::size_t quotes = rest.size() >= 6 && rest[1] == rest[0] && rest[2] == rest[0] ? 3 : 1;
  rest = rest.substr(quotes, rest.size() - 2 * quotes);
  if (raw) return std::string(rest);
  std::string out;
  while (!rest.empty()) {
    const std::size_t plain = rest.find('\\');
    out += rest.substr(0, plain);
    if (plain == std::string_view::npos) break;
    rest.remove_prefix(plain + 1);
    if (!append_escape(out, rest, token.kind == TokenKind::bytes)) {
      what = R"(there is no such escape; write \n, \t, \\, \', \x41, \u00e9 or \101)";
      return std::nullopt;
    }
  }
  return out;
}

std::optional<std::uint64_t> unsigned_of(std::string_view text) {
  if (!text.empty() && (text.back() == 'u' || text.back() == 'U')) text.remove_suffix(1);
  int base = 10;
  if (text.size() > 2 && text[1] == 'x') {
    base = 16;
    text.remove_prefix(2);
  }
  std::uint64_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::int64_t> integer_of(std::string_view text, bool negative) {
  const auto magnitude = unsigned_of(text);
  constexpr auto largest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (!magnitude || *magnitude > largest + (negative ? 1 : 0)) return std::nullopt;
  // In unsigned arithmetic, where the smallest int is its own negative.
  return static_cast<std::int64_t>(negative ? 0 - *magnitude : *magnitude);
}

std::optional<double> double_of(std::string_view text) {
  double value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size() || problem == std::errc::invalid_argument) return std::nullopt;
  if (problem == std::errc{}) return value;
  // Out of range: too small to tell from 0 where the exponent is negative or nothing precedes the point.
  const std::string_view digits = text.substr(text.starts_with('-') ? 1 : 0);
  const bool tiny =
      digits.find("e-") != std::string_view::npos || digits.find("E-") != std::string_view::npos ||
      (digits.find_first_of("eE") == std::string_view::npos &&
       digits.find_first_not_of('0') < digits.size() && digits[digits.find_first_not_of('0')] == '.');
  return tiny ? std::optional(text.starts_with('-') ? -0.0 : 0.0) : std::nullopt;
}

}  // namespace sundial::expression
