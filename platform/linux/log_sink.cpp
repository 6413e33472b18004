// Writes log lines to descriptor 2.
#include "platform/linux/log_sink.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace sundial {
namespace {

std::string format(const LogLine& line, LogStyle style) {
  switch (style) {
    case LogStyle::text:
      return format_log_text(line);
    case LogStyle::journal:
      return format_log_journal(line);
    case LogStyle::json:
      return format_log_json(line);
  }
  return {};
}

}  // namespace

LogStyle log_style_of_stderr(const std::string& journal_stream) {
  struct stat status {};
  if (journal_stream.empty() || ::fstat(STDERR_FILENO, &status) != 0) return LogStyle::text;
  const std::string own = fmt::format("{}:{}", status.st_dev, status.st_ino);
  return own == journal_stream ? LogStyle::journal : LogStyle::text;
}

void StderrLogSink::write(const LogLine& line) {
  const std::string text = format(line, style_) + '\n';
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
}

}  // namespace sundial
