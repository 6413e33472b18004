// Cuts an expression into tokens; nothing here looks back or recurses, so a megabyte takes milliseconds.
#include "agent/core/expression/lexer.hpp"

#include <algorithm>
#include <array>

namespace sundial::expression {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool begins_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool continues_word(char c) {
  return begins_word(c) || is_digit(c);
}

}  // namespace

bool is_reserved(std::string_view word) {
  constexpr std::array<std::string_view, 21> words{
      "as",  "break", "const",   "continue",  "else", "false",  "for",  "function", "if",   "import", "in",
      "let", "loop",  "package", "namespace", "null", "return", "true", "var",      "void", "while"};
  return std::find(words.begin(), words.end(), word) != words.end();
}

Token Lexer::next() {
  skip_blanks();
  if (position_ >= source_.size()) return {TokenKind::end, source_.size(), {}, {}};
  const char c = at(0);
  if (is_digit(c) || (c == '.' && is_digit(at(1)))) return number();
  if (c == '\'' || c == '"') return string(0, false, false);
  if (c == '`') return quoted_identifier();
  if (begins_word(c)) return word();
  return operator_token();
}

void Lexer::skip_blanks() {
  while (position_ < source_.size()) {
    const char c = at(0);
    if (c == '/' && at(1) == '/') {
      const std::size_t line_end = source_.find('\n', position_);
      position_ = line_end == std::string_view::npos ? source_.size() : line_end;
    } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f') {
      ++position_;
    } else {
      return;
    }
  }
}

Token Lexer::take(TokenKind kind, std::size_t length) {
  const Token token{kind, position_, source_.substr(position_, length), {}};
  position_ += length;
  return token;
}

Token Lexer::bad(std::string_view what) const {
  return {TokenKind::bad, position_, source_.substr(position_, 1), what};
}

Token Lexer::number() {
  std::size_t length = 0;
  TokenKind kind = TokenKind::integer;
  if (at(0) == '0' && at(1) == 'x' && is_hex(at(2))) {
    length = 2;
    while (is_hex(at(length))) ++length;
  } else {
    while (is_digit(at(length))) ++length;
    if (at(length) == '.' && is_digit(at(length + 1))) {
      kind = TokenKind::number;
      ++length;
      while (is_digit(at(length))) ++length;
    }
    if (at(length) == 'e' || at(length) == 'E') {
      const std::size_t sign = at(length + 1) == '+' || at(length + 1) == '-' ? 1 : 0;
      if (is_digit(at(length + 1 + sign))) {
        kind = TokenKind::number;
        length += 1 + sign;
        while (is_digit(at(length))) ++length;
      }
    }
  }
  if (kind == TokenKind::integer && (at(length) == 'u' || at(length) == 'U')) {
    return take(TokenKind::unsigned_integer, length + 1);
  }
  return take(kind, length);
}

Token Lexer::word() {
  std::size_t prefix = 0;
  bool raw = false;
  bool bytes = false;
  while (prefix < 2) {
    const char c = at(prefix);
    if ((c == 'r' || c == 'R') && !raw) {
      raw = true;
    } else if ((c == 'b' || c == 'B') && !bytes && !raw) {  // CEL writes br'…', never rb'…'
      bytes = true;
    } else {
      break;
    }
    ++prefix;
  }
  if (prefix > 0 && (at(prefix) == '\'' || at(prefix) == '"')) return string(prefix, raw, bytes);

  std::size_t length = 0;
  while (continues_word(at(length))) ++length;
  const std::string_view name = source_.substr(position_, length);
  TokenKind kind = TokenKind::identifier;
  if (name == "in") kind = TokenKind::keyword_in;
  if (name == "true") kind = TokenKind::keyword_true;
  if (name == "false") kind = TokenKind::keyword_false;
  if (name == "null") kind = TokenKind::keyword_null;
  return take(kind, length);
}

Token Lexer::quoted_identifier() {
  std::size_t length = 1;
  const auto allowed = [](char c) {
    return continues_word(c) || c == '.' || c == '-' || c == '/' || c == ' ';
  };
  while (allowed(at(length))) ++length;
  if (at(length) != '`' || length == 1)
    return bad("a name in backquotes holds letters, digits and _ . - / only");
  return take(TokenKind::quoted_identifier, length + 1);
}

Token Lexer::string(std::size_t prefix, bool raw, bool bytes) {
  const char quote = at(prefix);
  const bool triple = at(prefix + 1) == quote && at(prefix + 2) == quote;
  std::size_t i = prefix + (triple ? 3 : 1);
  while (position_ + i < source_.size()) {
    const char c = at(i);
    if (c == quote && (!triple || (at(i + 1) == quote && at(i + 2) == quote))) {
      return take(bytes ? TokenKind::bytes : TokenKind::text, i + (triple ? 3 : 1));
    }
    if (!triple && (c == '\n' || c == '\r')) break;
    i += c == '\\' && !raw ? 2 : 1;
  }
  return bad("the quote that opens this text is never closed");
}

Token Lexer::operator_token() {
  struct Operator {
    std::string_view text;
    TokenKind kind;
  };
  constexpr std::array<Operator, 24> operators{{{"<=", TokenKind::less_equal},
                                                {">=", TokenKind::greater_equal},
                                                {"==", TokenKind::equal},
                                                {"!=", TokenKind::not_equal},
                                                {"&&", TokenKind::and_},
                                                {"||", TokenKind::or_},
                                                {"<", TokenKind::less},
                                                {">", TokenKind::greater},
                                                {"!", TokenKind::not_},
                                                {"-", TokenKind::minus},
                                                {"+", TokenKind::plus},
                                                {"*", TokenKind::star},
                                                {"/", TokenKind::slash},
                                                {"%", TokenKind::percent},
                                                {"(", TokenKind::open_parenthesis},
                                                {")", TokenKind::close_parenthesis},
                                                {"[", TokenKind::open_bracket},
                                                {"]", TokenKind::close_bracket},
                                                {"{", TokenKind::open_brace},
                                                {"}", TokenKind::close_brace},
                                                {".", TokenKind::dot},
                                                {",", TokenKind::comma},
                                                {":", TokenKind::colon},
                                                {"?", TokenKind::question}}};
  const std::string_view rest = source_.substr(position_, 2);
  for (const Operator& known : operators) {
    if (rest.starts_with(known.text)) return take(known.kind, known.text.size());
  }
  switch (at(0)) {
    case '=':
      return bad("a single = compares nothing; write ==");
    case '&':
      return bad("a single & means nothing; write &&");
    case '|':
      return bad("a single | means nothing; write ||");
    default:
      return bad("this character has no meaning here");
  }
}

}  // namespace sundial::expression
