// The reference of the configuration, generated from the tables by which it is read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/config/setting.hpp"
#include "agent/core/model/action.hpp"
#include "platform/base/value.hpp"

namespace sundial::config {

// A name of the environment, and what it sets.
struct EnvironmentName {
  std::string_view name;
  std::string_view doc;
  std::string_view example = {};
};
const std::vector<EnvironmentName>& environment_names();

// The keys that the table of an action takes; they are checked where actions are compiled.
std::vector<Setting> action_settings(model::ActionKind kind);

// docs/guide/reference-configuration.md.
std::string reference_markdown();
// sundial.toml(5), for man.
std::string reference_manual();
// For editors: the configuration as JSON Schema, draft 2020-12.
Value reference_schema();
// .env.example: every name, commented out.
std::string reference_environment();

// A type in words: "duration", "size, or a list".
std::string type_in_words(const Setting& setting);

}  // namespace sundial::config
