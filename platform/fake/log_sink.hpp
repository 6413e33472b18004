// A log that tests can read.
#pragma once

#include <vector>

#include "platform/base/log.hpp"

namespace sundial {

class FakeLogSink final : public LogSink {
 public:
  void write(const LogLine& line) override { lines.push_back(line); }

  bool heard(std::string_view event) const {
    for (const LogLine& line : lines) {
      if (line.event == event) return true;
    }
    return false;
  }

  std::vector<LogLine> lines;
};

}  // namespace sundial
