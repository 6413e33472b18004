// All files of one configuration as one tree.
#pragma once

#include <string>
#include <vector>

#include "agent/config/files.hpp"
#include "agent/core/model/node.hpp"

namespace sundial::config {

struct Document {
  model::Node root{model::Table{}, {}};
  std::vector<std::string> files;
  std::vector<std::string> notes;
  std::vector<model::Problem> problems;
};

// `config_file` with the conf.d/*.toml beside it; empty: the places where it is looked for.
Document read_document(const Files& files, const std::string& config_file);

// The text of a file of a configuration: bounded, and text at all. A problem otherwise.
std::optional<std::string> read_text(const Files& files, const std::string& path, Document& into);

}  // namespace sundial::config
