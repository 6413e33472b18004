// Tokens of the expression language, one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sundial::expression {

enum class TokenKind : std::uint8_t {
  end,
  identifier,
  quoted_identifier,  // `foo.txt`
  integer,
  unsigned_integer,
  number,
  text,
  bytes,
  keyword_in,
  keyword_true,
  keyword_false,
  keyword_null,
  open_parenthesis,
  close_parenthesis,
  open_bracket,
  close_bracket,
  open_brace,
  close_brace,
  dot,
  comma,
  colon,
  question,
  not_,
  minus,
  plus,
  star,
  slash,
  percent,
  less,
  less_equal,
  greater,
  greater_equal,
  equal,
  not_equal,
  and_,
  or_,
  bad,  // `what` says why
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::size_t offset = 0;
  std::string_view text;  // as it is written
  std::string_view what;  // bad: what is wrong with it
};

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}
  // The next token; after `end` or `bad` always the same.
  Token next();

 private:
  void skip_blanks();
  Token take(TokenKind kind, std::size_t length);
  Token number();
  Token word();
  Token quoted_identifier();
  // The quote stands `prefix` bytes on, behind r and b.
  Token string(std::size_t prefix, bool raw, bool bytes);
  Token operator_token();
  Token bad(std::string_view what) const;

  char at(std::size_t i) const { return position_ + i < source_.size() ? source_[position_ + i] : '\0'; }

  std::string_view source_;
  std::size_t position_ = 0;
};

// The meaning of literals; nothing where they have none (`what` says why).
std::optional<std::string> unescape(const Token& token, std::string_view& what);
// With the sign that stands before it.
std::optional<std::int64_t> integer_of(std::string_view text, bool negative);
std::optional<std::uint64_t> unsigned_of(std::string_view text);
// A decimal number in full; what is too small for a double is 0, what is too large is none.
std::optional<double> double_of(std::string_view text);

// Words that CEL keeps for itself.
bool is_reserved(std::string_view word);

}  // namespace sundial::expression
