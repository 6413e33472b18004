// The environment: .env files, and ${NAME} in the strings of the configuration.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "agent/core/model/node.hpp"

namespace sundial::config {

using Environment = std::map<std::string, std::string>;

// Adds the `NAME=value` lines of a .env file; a name that is there already keeps its value.
// `export`, comments and quotes are understood.
void read_env_file(std::string_view text, const std::string& file, Environment& environment,
                   std::vector<model::Problem>& problems);

// A place in a tree, so that strings can be told apart that came from the environment.
using Place = std::tuple<model::FileName, int, int>;
inline Place place_of(const model::Position& at) {
  return {at.file, at.line, at.column};
}

// What substitution found out about strings, for those who read them afterwards.
struct Substituted {
  std::set<Place> whole;    // was exactly one ${…}: its text may be read as any type
  std::set<Place> missing;  // named what is not there: reported, and not to be reported again
  bool anything = false;    // any text may be such a one: what was read from a file before is read again
};

// Replaces ${NAME} and ${NAME:-default} in every string, and $${ by ${. A default holds where the
// name is not set or empty, as in a shell. A missing name is a problem that names key and line.
void substitute(model::Node& tree, const Environment& environment, Substituted& done,
                std::vector<model::Problem>& problems);

// "[rule.overheat] window.count" of the path rule, overheat, window, count.
std::string where_of(const std::vector<std::string>& path);

}  // namespace sundial::config
