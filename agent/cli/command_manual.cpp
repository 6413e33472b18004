// sundial(1), made from the command line's own description of itself.
#include <fmt/format.h>

#include "agent/cli/command_tree.hpp"
#include "agent/config/roff.hpp"

namespace sundial::cli {
namespace {

using config::roff;

void add_flags(std::string& page, const CommandDoc& command) {
  for (const FlagDoc& flag : command.flags) {
    std::string names;
    for (const std::string& name : flag.names)
      names += (names.empty() ? "\\fB" : ", \\fB") + roff(name) + "\\fR";
    if (!flag.value.empty() && !flag.positional) names += " \\fI" + roff(flag.value) + "\\fR";
    page += fmt::format(".TP\n{}\n{}\n", names, roff(flag.doc));
  }
}

constexpr std::string_view kExitStatus =
    ".SH EXIT STATUS\n"
    ".TP\n0\ndone\n.TP\n1\nthe thing failed\n.TP\n2\nnot found\n.TP\n64\nwrong usage\n"
    ".TP\n69\nthe server cannot be reached\n.TP\n78\nthe configuration or an expression is refused\n";

}  // namespace

std::string command_manual(const std::vector<CommandDoc>& commands) {
  std::string page = ".TH SUNDIAL 1 \"\" Sundial \"User commands\"\n.SH NAME\nsundial \\- ";
  page += "turns time and sensor messages into Temporal workflows\n";
  page += ".SH SYNOPSIS\n\\fBsundial\\fR \\fIVERB\\fR [\\fIFLAG\\fR...]\n.SH DESCRIPTION\n";
  page += roff(commands.front().doc) + "\n";
  page += "\\fBsundial run\\fR is the agent; the other verbs are its command line.\n.SH VERBS\n";
  for (const CommandDoc& command : commands) {
    if (command.path.empty()) continue;
    page += fmt::format(".SS sundial {}\n{}\n", roff(command.words()), roff(command.doc));
    add_flags(page, command);
  }
  page += kExitStatus;
  return page + ".SH SEE ALSO\nsundial.toml(5)\n";
}

}  // namespace sundial::cli
