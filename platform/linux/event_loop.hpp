// The event loop on epoll: asleep until something is due, readable or posted, and not a moment less.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "platform/event_loop.hpp"
#include "platform/linux/clock.hpp"
#include "platform/linux/unique_fd.hpp"
#include "platform/timer_queue.hpp"

namespace sundial {

class LinuxEventLoop final : public EventLoop {
 public:
  static Result<std::unique_ptr<LinuxEventLoop>> create();

  void post(Task task) override;
  void post_soon(Task task) override;
  TimerId at(Elapsed when, Task task) override;
  TimerId at(Instant when, Task task) override;
  void cancel(TimerId timer) override;
  void watch(int descriptor, Interest interest, Watcher watcher) override;
  void unwatch(int descriptor) override;
  void on_clock_step(Task task) override;
  Moment now() const override;
  void run() override;
  void stop() override;  // from any thread

 private:
  struct Watched {
    std::uint32_t generation = 0;
    std::shared_ptr<Watcher> watcher;
  };

  // What the loop does while it has nothing to do. A nap ends by itself, and only `post` ends it before.
  enum class Rest : std::uint8_t { none, nap, sleep };

  LinuxEventLoop(UniqueFd epoll, UniqueFd wake, UniqueFd elapsed_timer, UniqueFd wall_timer);
  void run_posted();
  void run_timers();
  void arm_timers();
  void arm_wall(std::optional<Instant> when);
  void wait();
  bool wants_nap();
  void wake();
  void dispatch(std::uint64_t tag, std::uint32_t events);
  void hear_wall_timer();

  LinuxClock clock_;
  UniqueFd epoll_;
  UniqueFd wake_;
  UniqueFd elapsed_timer_;
  UniqueFd wall_timer_;

  std::mutex mutex_;
  std::vector<Task> posted_;  // guarded by mutex_
  bool some_soon_ = false;    // among what is posted; guarded by mutex_
  Rest rest_ = Rest::none;    // guarded by mutex_
  std::atomic<bool> stopped_ = false;

  TimerQueue<Elapsed> elapsed_;
  TimerQueue<Instant> wall_;
  std::optional<Elapsed> armed_elapsed_;
  std::optional<Instant> armed_wall_;
  bool wall_armed_ = false;
  std::uint64_t next_timer_ = 1;
  std::uint32_t next_generation_ = 1;
  std::unordered_map<int, Watched> watched_;
  Task clock_stepped_;
  bool ran_soon_ = false;  // in this round
  bool napped_ = false;    // before this round
  std::chrono::steady_clock::time_point last_soon_{};
};

}  // namespace sundial
