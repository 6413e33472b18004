// Looking up members, and how a problem is said.
#include "agent/core/model/node.hpp"

#include <fmt/format.h>

namespace sundial::model {

std::string format_problem(const Problem& problem) {
  std::string place = problem.at.file.text();
  if (problem.at.line > 0) place += fmt::format(":{}:{}", problem.at.line, problem.at.column);
  if (!place.empty()) place += ": ";
  return problem.where.empty() ? place + problem.what
                               : fmt::format("{}{}: {}", place, problem.where, problem.what);
}

const Node* Node::find(std::string_view key) const {
  const Table* table = std::get_if<Table>(&data);
  if (table == nullptr) return nullptr;
  for (const Entry& entry : *table) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

}  // namespace sundial::model
