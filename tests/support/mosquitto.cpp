// A real broker for tests: mosquitto on a free port with a configuration of its own.
#include "tests/support/mosquitto.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>

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

// Below the range from which the kernel takes ports for outgoing connections, so that a broker that
// is restarted finds its own again.
int free_port() {
  for (int port = 24'000 + getpid() % 400; port < 24'500; ++port) {
    const int descriptor = bound_socket(port);
    if (descriptor < 0) continue;
    close(descriptor);
    return port;
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

}  // namespace

Mosquitto::Mosquitto(const std::string& extra_configuration) : port_(free_port()) {
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
}

void Mosquitto::start() {
  const std::string configuration = folder_ + "/mosquitto.conf";
  process_ = fork();
  if (process_ == 0) {
    // A test that ends in a crash takes its broker along, and the broker holds none of our files open.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close_range(3, ~0U, 0);
    const int quiet = open("/dev/null", O_WRONLY);
    dup2(quiet, STDOUT_FILENO);
    dup2(quiet, STDERR_FILENO);
    for (const char* program : {"mosquitto", "/usr/sbin/mosquitto"}) {
      execlp(program, program, "-c", configuration.c_str(), nullptr);
    }
    _exit(127);
  }
  for (int tries = 0; tries < 500; ++tries) {
    if (answers(port_)) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  throw std::runtime_error("mosquitto does not answer; is it installed?");
}

void Mosquitto::stop(int signal) {
  if (process_ <= 0) return;
  kill(process_, signal);
  waitpid(process_, nullptr, 0);
  process_ = -1;
}

}  // namespace sundial::testing
