// Log lines on standard error.
#pragma once

#include <atomic>

#include "platform/base/log.hpp"

namespace sundial {

enum class LogStyle { text, journal, json };

// journal where standard error is systemd's journal (its JOURNAL_STREAM names the very stream).
LogStyle log_style_of_stderr(const std::string& journal_stream);

// One write(2) a line, so that lines of several threads never mix.
class StderrLogSink final : public LogSink {
 public:
  explicit StderrLogSink(LogStyle style) : style_(style) {}
  void write(const LogLine& line) override;
  void set_style(LogStyle style) { style_ = style; }

 private:
  std::atomic<LogStyle> style_;
};

}  // namespace sundial
