// Configuration files that are only in memory.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "agent/config/load.hpp"

namespace sundial::config {

// What a test says is on the disk.
struct FakeDisk {
  std::map<std::string, std::string> files;
  std::set<std::string> open_to_others;

  Files access() const {
    return {
        .read = [this](const std::string& path, std::size_t limit) -> Result<std::string> {
          const auto found = files.find(path);
          if (found == files.end()) return Error{ErrorKind::not_found, "cannot be read: no such file"};
          if (found->second.size() > limit) return Error{ErrorKind::exhausted, "is larger than 1024 KiB"};
          return found->second;
        },
        .list = [this](const std::string& folder) -> Result<std::vector<std::string>> {
          std::vector<std::string> names;
          for (const auto& [path, text] : files) {
            if (path.starts_with(folder + "/")) names.push_back(path.substr(folder.size() + 1));
          }
          return names;
        },
        .exists = [this](const std::string& path) { return files.contains(path); },
        .others_may_read = [this](const std::string& path) { return open_to_others.contains(path); },
    };
  }

  Sources sources(Environment environment = {}) const {
    Sources made;
    made.environment = std::move(environment);
    made.host_name = "host-1";
    made.system_time_zone = "Europe/Berlin";
    made.files = access();
    return made;
  }
};

// Loads one file, t.toml.
inline Loaded load_text(const std::string& text, Environment environment = {}) {
  FakeDisk disk{{{"t.toml", text}}, {}};
  Sources sources = disk.sources(std::move(environment));
  sources.config_file = "t.toml";
  return load(sources);
}

// Every problem as it is printed.
inline std::vector<std::string> problems_of(const Loaded& loaded) {
  std::vector<std::string> lines;
  for (const model::Problem& problem : loaded.problems) lines.push_back(model::format_problem(problem));
  return lines;
}

using Strings = std::vector<std::string>;

// As many lines as parts, each holding its part.
inline testing::AssertionResult hold(const Strings& lines, const Strings& parts) {
  bool all = lines.size() == parts.size();
  for (std::size_t i = 0; all && i < lines.size(); ++i) all = lines[i].find(parts[i]) != std::string::npos;
  if (all) return testing::AssertionSuccess();
  testing::AssertionResult failure = testing::AssertionFailure();
  for (const std::string& line : lines) failure << "\n  " << line;
  return failure;
}

}  // namespace sundial::config
