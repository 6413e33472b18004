// A rule as it is written: texts with their places, not yet compiled.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/core/model/action.hpp"
#include "agent/core/model/node.hpp"

namespace sundial::model {

enum class Decode { automatic, json, text, cbor, msgpack, bytes };
enum class Retained { use, ignore, only };

struct ChangeDefinition {
  Text of;
  std::optional<double> by;
  bool percent = false;
  Position at;
};

struct WindowDefinition {
  std::optional<std::int64_t> count;
  std::optional<Millis> timeout;
  std::optional<Text> close_when;
  std::optional<Millis> every;
  std::optional<Millis> over;
  std::optional<Millis> session;
  std::optional<Text> time;
  std::optional<Millis> lateness;
  std::optional<Millis> ahead;
  std::int64_t max_items = 10'000;
  std::int64_t max_bytes = 256 * 1024;
  Node source;  // the table itself, for the places of its keys
};

struct RuleDefinition {
  std::string id;
  Position at;
  std::vector<Text> topics;
  std::optional<Text> webhook;
  int qos = 1;
  Decode decode = Decode::automatic;
  std::optional<Text> when;
  std::optional<Text> key;
  std::optional<Text> unique;
  std::optional<Text> clear_when;
  std::optional<Millis> hold;
  std::optional<ChangeDefinition> change;
  std::optional<Millis> cooldown;
  std::int64_t max_keys = 100'000;
  Retained retained = Retained::use;
  std::optional<WindowDefinition> window;
  std::vector<std::pair<std::string, Text>> collect;
  std::optional<Text> having;
  std::optional<Millis> silent_for;
  std::vector<ActionDefinition> actions;  // as they stand in the file, over all kinds
  std::vector<ActionDefinition> back;
  SharedNode source;        // the whole table, for the places of its keys
  std::string fingerprint;  // equal for the same text: such a rule keeps its state over a reload
};

}  // namespace sundial::model
