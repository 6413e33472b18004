// Schedules, rules and actions by themselves: from a table or from the body of a request, and back.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/config/reader.hpp"
#include "agent/core/model/rule.hpp"
#include "agent/core/model/schedule.hpp"
#include "platform/base/value.hpp"

namespace sundial::config {

// The definition that a table is. What is wrong goes to the reader; the rest is read all the same.
model::ScheduleDefinition read_schedule(Reader& reader, std::string id, const model::Node& table);
model::RuleDefinition read_rule(Reader& reader, std::string id, const model::Node& table);

// Where a definition was written that is read from JSON. In a file a number may have been a text: one
// `${NAME}`, of which the JSON knows no more.
enum class Written { in_a_request, in_a_file };

// From the body of a request, with the TOML keys as JSON; a null is a key that was left out. Nothing
// where there was a problem. An id here is any UTF-8 without a slash, up to 900 bytes.
std::optional<model::ScheduleDefinition> read_schedule(std::string_view id, const Value& body,
                                                       std::vector<model::Problem>& problems,
                                                       Written written = Written::in_a_request);
std::optional<model::RuleDefinition> read_rule(std::string_view id, const Value& body,
                                               std::vector<model::Problem>& problems,
                                               Written written = Written::in_a_request);
std::optional<model::ActionDefinition> read_action(model::ActionKind kind, const Value& body,
                                                   std::vector<model::Problem>& problems);

// The TOML keys as JSON, as they were written, and the defaults of the reference where they were not.
Value to_value(const model::ScheduleDefinition& schedule);
Value to_value(const model::RuleDefinition& rule);

// A tree without its places, and one that never had any.
Value to_value(const model::Node& node);
model::Node to_node(const Value& value);

// Equal for trees with the same content in the same order.
std::string fingerprint_of(const model::Node& node);

}  // namespace sundial::config
