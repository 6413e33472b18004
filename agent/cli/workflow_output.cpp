// How the workflow verbs print: for people, or as JSON.
#include <algorithm>
#include <ostream>

#include "agent/cli/workflow.hpp"
#include "platform/base/text.hpp"
#include "platform/json/json.hpp"

namespace sundial::cli {
namespace {

constexpr std::size_t kWidestCell = 80;

std::string cell(const Value* value) {
  if (value == nullptr || value->is_null()) return "-";
  return printable(value->text() != nullptr ? *value->text() : json::write(*value), kWidestCell);
}

}  // namespace

void print_value(World& world, const WorkflowOptions& options, const Value& value) {
  if (options.output.text()) {
    world.out << json::write(value) << '\n';
    return;
  }
  Map fields;
  fields.set("result", value);
  world.out << json::write(fields) << '\n';
}

void print_fields(World& world, const WorkflowOptions& options, const Map& fields) {
  if (!options.output.text()) {
    world.out << json::write(fields) << '\n';
    return;
  }
  std::size_t widest = 0;
  for (const auto& [key, value] : fields) widest = std::max(widest, key.text()->size());
  for (const auto& [key, value] : fields) {
    const std::string shown = value.text() != nullptr ? printable(*value.text(), 4000)
                                                      : (value.is_null() ? "-" : json::write(value));
    world.out << *key.text() << std::string(widest + 2 - key.text()->size(), ' ') << shown << '\n';
  }
}

void print_items(World& world, const WorkflowOptions& options, const List& items,
                 const std::vector<std::string>& columns) {
  if (options.output.output == "json") {
    world.out << json::write(items) << '\n';
    return;
  }
  if (options.output.output == "jsonl") {
    for (const Value& item : items) world.out << json::write(item) << '\n';
    return;
  }
  std::vector<std::size_t> widths;
  for (const std::string& column : columns) {
    std::size_t width = column.size();
    for (const Value& item : items) width = std::max(width, cell(item.find(column)).size());
    widths.push_back(width);
  }
  const auto line = [&](const auto& text_of) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const std::string text = text_of(columns[i]);
      world.out << text;
      if (i + 1 < columns.size()) world.out << std::string(widths[i] + 2 - text.size(), ' ');
    }
    world.out << '\n';
  };
  line([](const std::string& column) { return column; });
  for (const Value& item : items) {
    line([&item](const std::string& column) { return cell(item.find(column)); });
  }
}

std::string failure_text(const Value& failure) {
  std::string text;
  const Value* level = &failure;
  for (int depth = 0; level != nullptr && depth < 20; ++depth) {
    const Value* message = level->find("message");
    const Value* type = level->find("type");
    if (depth > 0) text += "\n  caused by: ";
    if (type != nullptr && type->text() != nullptr && !type->text()->empty()) text += *type->text() + ": ";
    if (message != nullptr && message->text() != nullptr) text += printable(*message->text(), 2000);
    level = level->find("cause");
  }
  return text;
}

int complain(World& world, const Error& error) {
  world.err << error.message() << '\n';
  // What was typed could be read, or it would have been a usage error: a refusal of Temporal's is a failure.
  if (error.kind() == ErrorKind::invalid) return kExitFailed;
  return meaning_of(error.kind()).exit_code;
}

}  // namespace sundial::cli
