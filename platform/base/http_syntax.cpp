// The lines of HTTP/1.1 by RFC 9112, leaving out all that it merely tolerates.
#include "platform/base/http_syntax.hpp"

#include <algorithm>
#include <charconv>

namespace sundial {
namespace {

bool is_token_character(char c) {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return true;
  return std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_control(char c) {
  return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
}

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

std::optional<std::uint64_t> read_number(std::string_view digits, int base) {
  std::uint64_t number = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, problem] = std::from_chars(digits.data(), end, number, base);
  if (digits.empty() || problem != std::errc{} || stop != end) return std::nullopt;
  return number;
}

}  // namespace

bool is_http_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_character);
}

bool has_http_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), is_control);
}

HttpField read_http_field(std::string_view line) {
  HttpField field;
  const std::size_t colon = line.find(':');
  if (!line.empty() && is_blank(line.front())) {
    field.problem = "a header is folded over two lines";
  } else if (colon == std::string_view::npos) {
    field.problem = "a header has no colon";
  } else if (!is_http_token(line.substr(0, colon))) {
    field.problem = "a header's name is no token";
  } else if (has_http_control(line.substr(colon + 1))) {
    field.problem = "control character in a header";
  }
  if (field.problem != nullptr) return field;
  field.name = line.substr(0, colon);
  field.value = line.substr(colon + 1);
  while (!field.value.empty() && is_blank(field.value.front())) field.value.remove_prefix(1);
  while (!field.value.empty() && is_blank(field.value.back())) field.value.remove_suffix(1);
  return field;
}

std::optional<std::uint64_t> read_http_length(std::string_view text) {
  return read_number(text, 10);
}

HttpChunk read_http_chunk(std::string_view line) {
  const std::string_view digits = line.substr(0, line.find_first_of("; \t"));
  const auto size = read_number(digits, 16);
  if (!size) return {0, "a chunk's size is no number"};
  if (has_http_control(line.substr(digits.size()))) return {0, "control character behind a chunk's size"};
  return {*size, nullptr};
}

}  // namespace sundial
