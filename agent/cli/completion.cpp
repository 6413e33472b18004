// `sundial completion`: scripts for shells, made from the command line's own description of itself.
#include <memory>
#include <ostream>

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "agent/cli/command_tree.hpp"
#include "agent/cli/verbs.hpp"

namespace sundial::cli {
namespace {

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, " "));
}

// Every word that leads one verb down, as alternatives of a shell's `case`.
std::string steps(const std::vector<CommandDoc>& commands) {
  std::string alternatives;
  for (const CommandDoc& command : commands) {
    if (command.path.empty()) continue;
    alternatives += fmt::format("{}\" {}\"", alternatives.empty() ? "" : "|", command.words());
  }
  return alternatives;
}

// " check --config" for each name of a flag that takes a value.
std::string places(const CommandDoc& command, const FlagDoc& flag) {
  std::string alternatives;
  const std::string prefix = command.path.empty() ? "" : " " + command.words();
  for (const std::string& name : flag.names) {
    alternatives += fmt::format("{}\"{} {}\"", alternatives.empty() ? "" : "|", prefix, name);
  }
  return alternatives;
}

std::vector<std::string> long_names(const CommandDoc& command) {
  std::vector<std::string> names;
  for (const FlagDoc& flag : command.flags) {
    if (!flag.positional) names.push_back(flag.names.back());
  }
  return names;
}

std::vector<std::string> choices_in_place(const CommandDoc& command) {
  std::vector<std::string> words = command.verbs;
  for (const FlagDoc& flag : command.flags) {
    if (flag.positional) words.insert(words.end(), flag.choices.begin(), flag.choices.end());
  }
  return words;
}

// In single quotes for a shell.
std::string in_quotes(std::string_view text) {
  std::string safe = "'";
  for (char c : text) {
    if (c == '\'') {
      safe += "'\\''";
    } else {
      safe += c;
    }
  }
  return safe + "'";
}

// What zsh shows beside a word; a colon would end the word.
std::string described(const std::string& word, std::string_view doc) {
  return in_quotes(word + ":" + std::string(doc));
}

const CommandDoc* find(const std::vector<CommandDoc>& commands, const std::string& words) {
  for (const CommandDoc& command : commands) {
    if (command.words() == words) return &command;
  }
  return nullptr;
}

void add_zsh_command(std::string& script, const std::vector<CommandDoc>& commands,
                     const CommandDoc& command) {
  const std::string prefix = command.path.empty() ? "" : " " + command.words();
  script += fmt::format("    (\"{}\")\n      words_here=(", prefix);
  for (const std::string& verb : command.verbs) {
    const CommandDoc* below = find(commands, command.path.empty() ? verb : command.words() + " " + verb);
    script += " " + described(verb, below == nullptr ? "" : below->doc);
  }
  for (const FlagDoc& flag : command.flags) {
    if (flag.positional) {
      for (const std::string& word : flag.choices) script += " " + described(word, flag.doc);
    } else {
      script += " " + described(flag.names.back(), flag.doc);
    }
  }
  script += ") ;;\n";
}

}  // namespace

std::string bash_completion(const std::vector<CommandDoc>& commands) {
  std::string script = fmt::format(
      "# bash completion for sundial, made by `sundial completion bash`\n"
      "_sundial() {{\n"
      "  local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD-1]}} verb=\"\" i\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    case \"$verb ${{COMP_WORDS[i]}}\" in\n"
      "      {}) verb=\"$verb ${{COMP_WORDS[i]}}\" ;;\n"
      "    esac\n"
      "  done\n"
      "  case \"$verb $prev\" in\n",
      steps(commands));
  for (const CommandDoc& command : commands) {
    for (const FlagDoc& flag : command.flags) {
      if (flag.positional || flag.value.empty()) continue;
      const std::string answer =
          flag.choices.empty()
              ? "compopt -o default; COMPREPLY=()"
              : fmt::format("COMPREPLY=($(compgen -W \"{}\" -- \"$cur\"))", joined(flag.choices));
      script += fmt::format("    {}) {}; return ;;\n", places(command, flag), answer);
    }
  }
  script += "  esac\n  case \"$verb\" in\n";
  for (const CommandDoc& command : commands) {
    const std::string prefix = command.path.empty() ? "" : " " + command.words();
    script += fmt::format(
        "    \"{}\")\n      if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W \"{}\" -- \"$cur\"))\n"
        "      else compopt -o default; COMPREPLY=($(compgen -W \"{}\" -- \"$cur\")); fi ;;\n",
        prefix, joined(long_names(command)), joined(choices_in_place(command)));
  }
  return script + "  esac\n}\ncomplete -F _sundial sundial\n";
}

std::string zsh_completion(const std::vector<CommandDoc>& commands) {
  std::string script = fmt::format(
      "#compdef sundial\n"
      "# zsh completion for sundial, made by `sundial completion zsh`\n"
      "_sundial() {{\n"
      "  local verb=\"\" i\n"
      "  local -a words_here\n"
      "  for ((i = 2; i < CURRENT; i++)); do\n"
      "    case \"$verb ${{words[i]}}\" in\n"
      "      ({}) verb=\"$verb ${{words[i]}}\" ;;\n"
      "    esac\n"
      "  done\n"
      "  case \"$verb ${{words[CURRENT-1]}}\" in\n",
      steps(commands));
  for (const CommandDoc& command : commands) {
    for (const FlagDoc& flag : command.flags) {
      if (flag.positional || flag.value.empty()) continue;
      script += fmt::format("    ({}) {}; return ;;\n", places(command, flag),
                            flag.choices.empty() ? "_files" : "compadd -- " + joined(flag.choices));
    }
  }
  script += "  esac\n  case \"$verb\" in\n";
  for (const CommandDoc& command : commands) add_zsh_command(script, commands, command);
  return script + "  esac\n  _describe sundial words_here || _files\n}\n_sundial \"$@\"\n";
}

void add_completion(CLI::App& app, World& world, Chosen& chosen) {
  const auto shell = std::make_shared<std::string>();
  CLI::App* verb = app.add_subcommand("completion", "Print a completion script for a shell");
  verb->add_option("SHELL", *shell, "bash or zsh")->required()->check(CLI::IsMember({"bash", "zsh"}));
  verb->callback([&app, &world, &chosen, shell] {
    chosen = [&app, &world, shell] {
      const std::vector<CommandDoc> commands = commands_of(app);
      world.out << (*shell == "bash" ? bash_completion(commands) : zsh_completion(commands));
      return kExitDone;
    };
  });
}

}  // namespace sundial::cli
