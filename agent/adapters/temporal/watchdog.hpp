// Ends calls that outlast their deadline: the library's own timeouts start anew with every byte.
#pragma once

#include <chrono>
#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>

#include "agent/adapters/temporal/transport.hpp"

namespace sundial::temporal {

class Watchdog {
 public:
  Watchdog();
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  // Guards one call: `stop` is called on the connection from the deadline on, until the guard goes.
  class Guard {
   public:
    Guard(Watchdog& watchdog, Connection& connection, Millis deadline);
    ~Guard();
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    friend class Watchdog;
    struct Entry {
      Connection* connection;
      std::chrono::steady_clock::time_point when;
    };
    Watchdog& watchdog_;
    std::list<Entry>::iterator entry_;
  };

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::list<Guard::Entry> entries_;
  std::chrono::steady_clock::time_point next_ = std::chrono::steady_clock::time_point::max();
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace sundial::temporal
