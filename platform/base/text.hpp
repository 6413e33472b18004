// Text as it comes from outside: UTF-8, its checks, and its safe forms for logs, ids and paths.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sundial {

bool is_utf8(std::string_view text);
// The number of code points of valid UTF-8.
std::size_t code_points(std::string_view utf8);

std::vector<std::string_view> split(std::string_view text, char separator);
std::string_view trim(std::string_view text);
std::string lower_ascii(std::string_view text);

std::string base64_encode(std::string_view bytes);
std::optional<std::string> base64_decode(std::string_view text);
std::string hex_encode(std::string_view bytes);

// Every byte outside A-Z a-z 0-9 - . _ ~ as %XX: safe as one segment of a path.
std::string percent_encode(std::string_view text);
std::optional<std::string> percent_decode(std::string_view text);

// For one line of a log or a terminal: control characters as \n, \x1b; at most `limit` bytes.
std::string printable(std::string_view text, std::size_t limit = 200);

// The word of `known` that is nearest to `typed`, where one is near enough to be meant.
std::optional<std::string_view> did_you_mean(std::string_view typed,
                                             const std::vector<std::string_view>& known);

}  // namespace sundial
