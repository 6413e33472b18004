// The lines of a request's head, read strictly: what two readers could take differently is refused.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "agent/ports/http_server.hpp"

namespace sundial::http {

// Why a request is not taken, and the status that says so. The connection ends with it, since
// nobody can tell where the next request would begin.
struct Refusal {
  int status = 400;
  std::string reason;
};
using Refused = std::optional<Refusal>;

struct RequestHead {
  HttpRequest request;
  bool http_1_0 = false;
  bool keep_alive = true;
  bool expects_continue = false;
  bool chunked = false;
  std::optional<std::uint64_t> length;
};

inline constexpr std::size_t kMaxLine = 8 * 1024;
inline constexpr std::size_t kMaxHeaders = 100;

// `line` is without its line end.
Refused read_request_line(std::string_view line, RequestHead& head);
// Adds a header. Also for trailers, which are read for their form and dropped.
Refused read_header_line(std::string_view line, RequestHead& head);
// After the last header: what they say together about host, framing and the connection.
Refused finish_head(RequestHead& head);

}  // namespace sundial::http
