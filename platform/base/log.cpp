// Formatting of log lines, and the counting of repeats.
#include "platform/base/log.hpp"

#include <fmt/format.h>

#include "platform/base/text.hpp"

namespace sundial {
namespace {

constexpr std::size_t kLongestMessage = 2000;
constexpr std::size_t kLongestValue = 1000;

int journal_priority(LogSeverity severity) {
  switch (severity) {
    case LogSeverity::debug:
      return 7;
    case LogSeverity::info:
      return 6;
    case LogSeverity::warning:
      return 4;
    case LogSeverity::error:
      return 3;
  }
  return 6;
}

// Quotes text that printable() has already freed of control characters and bad bytes.
std::string quoted_text(std::string_view safe) {
  std::string text = "\"";
  for (char c : safe) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text + '"';
}

std::string shown_value(std::string_view value) {
  std::string safe = printable(value, kLongestValue);
  const bool bare = !safe.empty() && safe.find_first_of(" \"=") == std::string::npos;
  return bare ? safe : quoted_text(safe);
}

std::string body(const LogLine& line) {
  std::string text = fmt::format("{}: {}", line.event, printable(line.message, kLongestMessage));
  for (const LogField& field : line.fields)
    text += fmt::format(" {}={}", field.name, shown_value(field.value));
  return text;
}

}  // namespace

std::string_view name_of(LogSeverity severity) {
  switch (severity) {
    case LogSeverity::debug:
      return "debug";
    case LogSeverity::info:
      return "info";
    case LogSeverity::warning:
      return "warning";
    case LogSeverity::error:
      return "error";
  }
  return "info";
}

std::string format_log_text(const LogLine& line) {
  return fmt::format("{} {:<7} {}", format_rfc3339(line.at, Fraction::always), name_of(line.severity),
                     body(line));
}

std::string format_log_journal(const LogLine& line) {
  return fmt::format("<{}>{}", journal_priority(line.severity), body(line));
}

std::string format_log_json(const LogLine& line) {
  std::string text =
      fmt::format(R"({{"time":"{}","level":"{}","event":{},"message":{})",
                  format_rfc3339(line.at, Fraction::always), name_of(line.severity),
                  quoted_text(printable(line.event)), quoted_text(printable(line.message, kLongestMessage)));
  for (const LogField& field : line.fields) {
    text += fmt::format(",{}:{}", quoted_text(printable(field.name)),
                        quoted_text(printable(field.value, kLongestValue)));
  }
  return text + "}";
}

Log::Log(LogSink& sink, LogSeverity least, std::function<Instant()> now)
    : sink_(sink), now_(std::move(now)), least_(least) {}

void Log::debug(std::string_view event, std::string_view message, Fields fields) {
  write(LogSeverity::debug, event, message, fields);
}
void Log::info(std::string_view event, std::string_view message, Fields fields) {
  write(LogSeverity::info, event, message, fields);
}
void Log::warning(std::string_view event, std::string_view message, Fields fields) {
  write(LogSeverity::warning, event, message, fields);
}
void Log::error(std::string_view event, std::string_view message, Fields fields) {
  write(LogSeverity::error, event, message, fields);
}

void Log::set_least(LogSeverity least) {
  const std::lock_guard lock(mutex_);
  least_ = least;
}

void Log::flush_repeats() {
  const std::lock_guard lock(mutex_);
  flush_locked(now_(), true);
}

void Log::write(LogSeverity severity, std::string_view event, std::string_view message, Fields fields) {
  const std::lock_guard lock(mutex_);
  if (severity < least_) return;
  const Instant now = now_();
  flush_locked(now, false);
  // What is tracked is bounded: with too many different lines the counting starts anew.
  if (seen_.size() >= kMaxTracked) flush_locked(now, true);
  Repeats& repeats = seen_[{std::string(event), std::string(message)}];
  if (repeats.in_window == 0) repeats.window_start = now;
  repeats.severity = severity;
  if (++repeats.in_window > kBurst) {
    ++repeats.held_back;
    return;
  }
  sink_.write({now, severity, std::string(event), std::string(message), fields});
}

void Log::flush_locked(Instant now, bool all) {
  for (auto entry = seen_.begin(); entry != seen_.end();) {
    const Repeats& repeats = entry->second;
    // A clock that was set back must not keep a window open.
    const bool over = now < repeats.window_start || now - repeats.window_start >= kWindow;
    if (!over && !all) {
      ++entry;
      continue;
    }
    if (repeats.held_back > 0) {
      sink_.write({now,
                   repeats.severity,
                   entry->first.first,
                   entry->first.second,
                   {LogField("repeated", repeats.held_back)}});
    }
    entry = seen_.erase(entry);
  }
}

}  // namespace sundial
