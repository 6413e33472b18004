// Dates and delays as HTTP writes them.
#include "agent/adapters/temporal/http_headers.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace sundial::temporal {
namespace {

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

}  // namespace

std::optional<Instant> parse_http_date(std::string_view text) {
  constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (text.size() != 29 || text.substr(25) != " GMT") return std::nullopt;
  const auto month = std::find(kMonths.begin(), kMonths.end(), text.substr(8, 3));
  const auto day = number(text.substr(5, 2));
  const auto year = number(text.substr(12, 4));
  const auto hour = number(text.substr(17, 2));
  const auto minute = number(text.substr(20, 2));
  const auto second = number(text.substr(23, 2));
  if (month == kMonths.end() || !day || !year || !hour || !minute || !second) return std::nullopt;
  const auto date = std::chrono::year(*year) / static_cast<int>(month - kMonths.begin() + 1) / *day;
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         std::chrono::seconds(*second);
}

std::optional<Millis> parse_retry_after(std::string_view text, std::optional<Instant> date) {
  if (const auto seconds = number(text)) return std::chrono::seconds(*seconds);
  const auto until = parse_http_date(text);
  if (!until || !date) return std::nullopt;
  return std::max(Millis(0), *until - *date);
}

}  // namespace sundial::temporal
