// Completion and manual page know every verb and flag, as they come from the command line itself.
#include <sstream>

#include <gtest/gtest.h>

#include "tests/agent/cli/command.hpp"

namespace sundial::cli {
namespace {

Outcome run(const std::vector<std::string>& words) {
  return run_command(words);
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Completion, OffersVerbsFlagsAndWords) {
  const Outcome bash = run({"completion", "bash"});
  EXPECT_EQ(bash.exit_code, kExitDone);
  EXPECT_TRUE(has(bash.out, "complete -F _sundial sundial"));
  EXPECT_TRUE(has(bash.out, "\" check --output\") COMPREPLY=($(compgen -W \"text json jsonl\"")) << bash.out;
  EXPECT_TRUE(has(bash.out, "--config --env-file"));
  const Outcome zsh = run({"completion", "zsh"});
  EXPECT_TRUE(zsh.out.starts_with("#compdef sundial\n"));
  EXPECT_TRUE(has(zsh.out, "'check:Validate the configuration"));
  EXPECT_EQ(run({"completion", "tcsh"}).exit_code, kExitUsage);
}

TEST(Manual, TellsOfEveryVerb) {
  const std::string help = run({"--help"}).out;
  const Outcome manual = run({"reference", "commands"});
  EXPECT_EQ(manual.exit_code, kExitDone);
  for (const char* verb : {"check", "completion", "eval", "next", "reference", "version"}) {
    EXPECT_TRUE(has(help, verb));
    EXPECT_TRUE(has(manual.out, std::string(".SS sundial ") + verb + "\n")) << verb;
  }
}

}  // namespace
}  // namespace sundial::cli
