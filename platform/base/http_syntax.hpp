// The lines of HTTP/1.1 as both of its sides read them, strictly: what two readers could take differently
// is refused.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sundial {

bool is_http_token(std::string_view text);
bool has_http_control(std::string_view text);  // a tab is none

// One header or trailer; `line` is without its line end. `problem`: it is none, and why.
struct HttpField {
  std::string_view name;
  std::string_view value;  // without the blanks around it
  const char* problem = nullptr;
};
HttpField read_http_field(std::string_view line);

// The value of Content-Length.
std::optional<std::uint64_t> read_http_length(std::string_view text);

// The line before a chunk; its extensions are read for their form only.
struct HttpChunk {
  std::uint64_t size = 0;
  const char* problem = nullptr;
};
HttpChunk read_http_chunk(std::string_view line);

}  // namespace sundial
