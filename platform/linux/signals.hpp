// Signals as events of the loop.
#pragma once

#include <functional>
#include <initializer_list>

#include "platform/event_loop.hpp"
#include "platform/linux/unique_fd.hpp"

namespace sundial {

// A connection or a pipe whose other end is gone is an error code, never the end of the process. TLS
// writes to its socket without a flag that could say so, thus the program asks for it once, first.
void ignore_broken_pipes();

// While it lives, the signals arrive as calls on the loop. Made before the first thread is, so that
// all threads have them blocked.
class SignalWatch {
 public:
  SignalWatch(EventLoop& loop, std::initializer_list<int> signals, std::function<void(int)> heard);
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

 private:
  EventLoop& loop_;
  std::function<void(int)> heard_;
  UniqueFd descriptor_;
};

}  // namespace sundial
