// One entry of the input journal: an input with the moment at which it was accepted, in bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "agent/core/model/input.hpp"
#include "platform/base/result.hpp"
#include "platform/base/time.hpp"

namespace sundial::runtime {

// The rules and schedules that hold from here on, as the store keeps them.
struct Reloaded {
  std::string configuration;
};

using Entry = std::variant<model::Input, Reloaded>;

// A small named value of the store that holds as soon as the input does.
struct Note {
  std::string name;
  std::string value;
};

struct JournalRecord {
  Moment at;
  Entry what;
  int packet_id = 0;         // a message of QoS 1: to know a redelivery by
  std::uint64_t digest = 0;  // of its topic and payload
  std::optional<Note> note{};
};

// A schedule's definition is written as its JSON only; whoever reads it compiles it again.
std::string write_record(const JournalRecord& record);
Result<JournalRecord> read_record(std::string_view bytes);

}  // namespace sundial::runtime
