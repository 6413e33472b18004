// One line of a recording, as `record` writes it and `replay` reads it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

#include "agent/core/model/input.hpp"
#include "platform/base/result.hpp"

namespace sundial::decode {

struct RecordedLine {
  Instant time;
  std::variant<model::Message, model::Absence> input;
};

// A message without an id has the line's number as its id.
Result<RecordedLine> read_recorded_line(std::string_view text, std::size_t number);
std::string write_recorded_line(const RecordedLine& line);

}  // namespace sundial::decode
