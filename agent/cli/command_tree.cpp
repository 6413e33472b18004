// Walks the command line's own description of itself.
#include "agent/cli/command_tree.hpp"

#include <CLI/CLI.hpp>

#include "platform/base/text.hpp"

namespace sundial::cli {
namespace {

// CLI11 writes the words of IsMember into the type: "TEXT:{text,json}".
std::vector<std::string> choices_of(const std::string& type) {
  const std::size_t open = type.find('{');
  const std::size_t close = type.find('}', open);
  std::vector<std::string> choices;
  if (open == std::string::npos || close == std::string::npos) return choices;
  for (std::string_view word : split(std::string_view(type).substr(open + 1, close - open - 1), ',')) {
    choices.emplace_back(word);
  }
  return choices;
}

FlagDoc flag_of(const CLI::Option& option) {
  FlagDoc flag;
  for (const std::string& name : option.get_snames()) flag.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) flag.names.push_back("--" + name);
  flag.positional = flag.names.empty();
  if (flag.positional) flag.names.push_back(option.get_name());
  if (option.get_items_expected_max() > 0) {
    const std::string type = option.get_type_name();
    flag.choices = choices_of(type);
    flag.value = flag.choices.empty() ? type.substr(0, type.find(':')) : "WORD";
  }
  flag.doc = option.get_description();
  return flag;
}

// Verbs nest no deeper than the program declares them.
void collect(const CLI::App& app, const std::vector<std::string>& path, std::vector<CommandDoc>& into) {
  CommandDoc command;
  command.path = path;
  command.doc = app.get_description();
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_group().empty()) command.flags.push_back(flag_of(*option));
  }
  const auto verbs = app.get_subcommands([](const CLI::App*) { return true; });
  for (const CLI::App* verb : verbs) command.verbs.push_back(verb->get_name());
  into.push_back(std::move(command));
  for (const CLI::App* verb : verbs) {
    std::vector<std::string> below = path;
    below.push_back(verb->get_name());
    collect(*verb, below, into);
  }
}

}  // namespace

std::string CommandDoc::words() const {
  std::string text;
  for (const std::string& word : path) text += (text.empty() ? "" : " ") + word;
  return text;
}

std::vector<CommandDoc> commands_of(const CLI::App& app) {
  std::vector<CommandDoc> commands;
  collect(app, {}, commands);
  return commands;
}

}  // namespace sundial::cli
