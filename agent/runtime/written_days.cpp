// How much was written to the disk on each of the last days.
#include "agent/runtime/written_days.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

#include "platform/base/text.hpp"

namespace sundial::runtime {
namespace {

using std::chrono::sys_days;

sys_days day_of(Instant now) {
  return std::chrono::floor<std::chrono::days>(now);
}

}  // namespace

// A day of a wrong clock leaves again: those that are kept are near the present one.
void WrittenDays::count(Instant now, std::uint64_t since_start) {
  const sys_days today = day_of(now);
  days_[today] += since_start - counted_;
  counted_ = since_start;
  std::erase_if(days_, [today](const auto& day) { return day.first > today || today - day.first > kKept; });
}

std::uint64_t WrittenDays::today(Instant now, std::uint64_t since_start) const {
  const auto found = days_.find(day_of(now));
  return since_start - counted_ + (found == days_.end() ? 0 : found->second);
}

std::optional<std::uint64_t> WrittenDays::mean_day(Instant now) const {
  const sys_days today = day_of(now);
  std::uint64_t bytes = 0;
  std::chrono::days span{0};
  for (const auto& [day, written] : days_) {
    const std::chrono::days before = today - day;
    if (before <= std::chrono::days{0} || before > kKept) continue;
    span = std::max(span, before);
    bytes += written;
  }
  if (span == std::chrono::days{0}) return std::nullopt;
  return bytes / static_cast<std::uint64_t>(span.count());
}

std::string WrittenDays::write() const {
  std::string text;
  for (auto day = days_.rbegin(); day != days_.rend(); ++day) {
    if (!text.empty()) text += ' ';
    text += format_rfc3339(Instant{day->first}, Fraction::when_needed).substr(0, 10);
    text += ' ' + std::to_string(day->second);
  }
  return text;
}

void WrittenDays::read(std::string_view text) {
  const std::vector<std::string_view> words = split(text, ' ');
  for (std::size_t i = 0; i + 1 < words.size(); i += 2) {
    const Result<Instant> day = parse_rfc3339(std::string(words[i]) + "T00:00:00Z");
    std::uint64_t bytes = 0;
    const auto [end, problem] =
        std::from_chars(words[i + 1].data(), words[i + 1].data() + words[i + 1].size(), bytes);
    if (!day || problem != std::errc{}) return;
    days_[day_of(*day)] = bytes;
  }
}

}  // namespace sundial::runtime
