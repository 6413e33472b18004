// The few header fields of an answer that are read.
#pragma once

#include <optional>
#include <string_view>

#include "platform/base/time.hpp"

namespace sundial::temporal {

// "Sun, 06 Nov 1994 08:49:37 GMT"
std::optional<Instant> parse_http_date(std::string_view text);

// Seconds, or a date, which needs the server's own date beside it.
std::optional<Millis> parse_retry_after(std::string_view text, std::optional<Instant> date);

}  // namespace sundial::temporal
