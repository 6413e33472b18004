// A real broker for tests: mosquitto on a free port with a configuration of its own.
#include "tests/support/mosquitto.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <vector>

#include "tests/support/until.hpp"

namespace sundial::testing {
namespace {

int bound_socket(int port) {
  const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  if (bind(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return descriptor;
  close(descriptor);
  return -1;
}

// Held for as long as the broker's object lives, so that another test program that looks for a port at
// the same time, or while this broker is down, takes another: a name that goes with its socket.
int reservation_of(int port) {
  const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = "sundial-test-port-" + std::to_string(port);
  name.copy(address.sun_path + 1, sizeof address.sun_path - 1);  // after a zero: no file
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  if (bind(descriptor, reinterpret_cast<sockaddr*>(&address), length) == 0) return descriptor;
  close(descriptor);
  return -1;
}

// Below the range from which the kernel takes ports for outgoing connections, so that a broker that
// is restarted finds its own again.
int free_port(int& reservation) {
  for (int port = 24'000 + getpid() % 400; port < 24'500; ++port) {
    reservation = reservation_of(port);
    if (reservation < 0) continue;
    if (const int descriptor = bound_socket(port); descriptor >= 0) {
      close(descriptor);
      return port;
    }
    close(reservation);
  }
  throw std::runtime_error("no free port between 24000 and 24500");
}

bool answers(int port) {
  const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  const bool connected = connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  close(descriptor);
  return connected;
}

pid_t run(std::vector<std::string> words) {
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const std::string beside = "/usr/sbin/" + words.front();
  const pid_t process = fork();
  if (process != 0) return process;
  // A test that ends in a crash takes its broker along, and the broker holds none of our files open.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  close_range(3, ~0U, 0);
  const int quiet = open("/dev/null", O_WRONLY);
  dup2(quiet, STDOUT_FILENO);
  dup2(quiet, STDERR_FILENO);
  execvp(arguments.front(), arguments.data());
  execv(beside.c_str(), arguments.data());
  _exit(127);
}

}  // namespace

Mosquitto::Mosquitto(const std::string& extra_configuration) : port_(free_port(reservation_)) {
  std::string pattern = std::filesystem::temp_directory_path() / "sundial-broker-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
  folder_ = pattern;
  chmod(folder_.c_str(), 0777);  // where it gives up root all the same
  std::ofstream(folder_ + "/mosquitto.conf")
      << "user root\nlistener " << port_ << " 127.0.0.1\npersistence true\npersistence_location " << folder_
      << "/\n"
      << (extra_configuration.empty() ? "allow_anonymous true\n" : extra_configuration);
  start();
}

Mosquitto::~Mosquitto() {
  stop(SIGKILL);
  std::filesystem::remove_all(folder_);
  close(reservation_);
}

void Mosquitto::start() {
  const std::string configuration = folder_ + "/mosquitto.conf";
  process_ = run({"mosquitto", "-c", configuration});
  if (!testing_support::until([this] { return answers(port_); })) {
    throw std::runtime_error("mosquitto does not answer; is it installed?");
  }
}

void Mosquitto::stop(int signal) {
  if (process_ <= 0) return;
  kill(process_, signal);
  waitpid(process_, nullptr, 0);
  process_ = -1;
}

bool Mosquitto::publish(const std::string& topic, const std::string& payload) {
  const pid_t process = run({"mosquitto_pub", "-h", "127.0.0.1", "-p", std::to_string(port_), "-q", "1", "-t",
                             topic, "-m", payload});
  int status = 0;
  return waitpid(process, &status, 0) == process && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace sundial::testing
