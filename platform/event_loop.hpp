// The event loop: one thread that owns all mutable state, woken by timers, descriptors and posted tasks.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include "platform/base/time.hpp"

namespace sundial {

class EventLoop {
 public:
  using Task = std::function<void()>;
  enum class Interest { read, write, read_write };
  struct Ready {
    bool readable = false;
    bool writable = false;
    bool broken = false;  // hang-up or error
  };
  using Watcher = std::function<void(Ready)>;
  enum class TimerId : std::uint64_t {};

  virtual ~EventLoop() = default;

  // From any thread: runs on the loop, in the order of posting.
  virtual void post(Task task) = 0;
  // The same, but where much is posted so it may wait for up to two milliseconds, to be run with what
  // comes meanwhile: nobody is woken for each of them.
  virtual void post_soon(Task task) { post(std::move(task)); }

  // On the loop's own thread only.
  virtual TimerId at(Elapsed when, Task task) = 0;
  virtual TimerId at(Instant when, Task task) = 0;  // by the wall clock, also when it is set meanwhile
  virtual void cancel(TimerId timer) = 0;           // one that has run, or none, is fine
  virtual void watch(int descriptor, Interest interest, Watcher watcher) = 0;  // again: replaces
  virtual void unwatch(int descriptor) = 0;
  virtual void on_clock_step(Task task) = 0;  // the wall clock was set

  virtual Moment now() const = 0;

  virtual void run() = 0;  // until stop()
  virtual void stop() = 0;
};

}  // namespace sundial
