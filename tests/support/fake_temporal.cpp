// Starts tests/support/fake_temporal.py and reads its port.
#include "tests/support/fake_temporal.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <array>

namespace sundial::test {

FakeTemporal::FakeTemporal() {
  std::array<int, 2> to{};
  std::array<int, 2> from{};
  if (pipe(to.data()) != 0 || pipe(from.data()) != 0) return;
  child_ = fork();
  if (child_ == 0) {
    dup2(to[0], STDIN_FILENO);
    dup2(from[1], STDOUT_FILENO);
    close(to[1]);
    close(from[0]);
    execlp("python3", "python3", SUNDIAL_FAKE_TEMPORAL, nullptr);
    _exit(127);
  }
  close(to[0]);
  close(from[1]);
  input_ = to[1];
  std::string port;
  for (char c = 0; read(from[0], &c, 1) == 1 && c != '\n';) port += c;
  close(from[0]);
  if (!port.empty()) address_ = "http://127.0.0.1:" + port;
}

FakeTemporal::~FakeTemporal() {
  if (input_ >= 0) close(input_);
  if (child_ > 0) waitpid(child_, nullptr, 0);
}

}  // namespace sundial::test
