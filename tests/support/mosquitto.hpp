// A real broker for tests: mosquitto on a free port with a configuration of its own.
#pragma once

#include <sys/types.h>

#include <string>

namespace sundial::testing {

class Mosquitto {
 public:
  explicit Mosquitto(const std::string& extra_configuration = {});
  ~Mosquitto();
  Mosquitto(const Mosquitto&) = delete;
  Mosquitto& operator=(const Mosquitto&) = delete;

  void start();           // returns when it accepts connections
  void stop(int signal);  // SIGTERM: it writes its sessions down first; SIGKILL: it does not
  // From a process of its own, at QoS 1; true when the broker has it. In this process, a client that is
  // held up holds up all others: Paho has one thread for them.
  bool publish(const std::string& topic, const std::string& payload);
  int port() const { return port_; }
  std::string url() const { return "mqtt://127.0.0.1:" + std::to_string(port_); }

 private:
  std::string folder_;
  int reservation_ = -1;
  int port_ = 0;
  pid_t process_ = -1;
};

}  // namespace sundial::testing
