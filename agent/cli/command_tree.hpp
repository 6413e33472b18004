// The command line as data: what completion and the manual page are made of.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace sundial::cli {

struct FlagDoc {
  std::vector<std::string> names;  // "--config", "-o"; of a positional argument its word
  std::string value;               // "FILE"; empty: takes none
  std::vector<std::string> choices;
  std::string doc;
  bool positional = false;
};

struct CommandDoc {
  std::vector<std::string> path;  // {"schedule", "create"}; empty: the program
  std::string doc;
  std::vector<FlagDoc> flags;
  std::vector<std::string> verbs;  // what may follow

  // The path with blanks: "schedule create".
  std::string words() const;
};

// The program and every verb below it, each before its own.
std::vector<CommandDoc> commands_of(const CLI::App& app);

std::string bash_completion(const std::vector<CommandDoc>& commands);
std::string zsh_completion(const std::vector<CommandDoc>& commands);
// sundial(1), for man.
std::string command_manual(const std::vector<CommandDoc>& commands);

}  // namespace sundial::cli
