// The event loop on virtual time: nothing happens by itself, and a year passes in a second.
#pragma once

#include <map>
#include <mutex>
#include <vector>

#include "platform/clock.hpp"
#include "platform/event_loop.hpp"
#include "platform/timer_queue.hpp"

namespace sundial {

class FakeEventLoop final : public EventLoop, public Clock {
 public:
  explicit FakeEventLoop(Instant start = Instant{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}},
                         Elapsed elapsed = Elapsed{std::chrono::hours{1}})
      : moment_{start, elapsed} {}

  void post(Task task) override;
  TimerId at(Elapsed when, Task task) override;
  TimerId at(Instant when, Task task) override;
  void cancel(TimerId timer) override;
  void watch(int descriptor, Interest interest, Watcher watcher) override;
  void unwatch(int descriptor) override;
  void on_clock_step(Task task) override;
  Moment now() const override { return moment_; }

  // Until stop(), or until neither a task nor a timer is left; time jumps from timer to timer.
  void run() override;
  void stop() override;

  // Runs what is posted and due, and lets `span` pass, timer by timer.
  void run_for(Millis span);
  // Runs what is posted and due without letting time pass.
  void settle();
  // Time passes while nobody runs: the process was stopped, or busy.
  void stall(Millis span);
  // The wall clock is set, and the loop hears of it.
  void set_wall(Instant to);
  // Calls the watcher of the descriptor, as if it had become ready. Descriptors here are any numbers.
  void make_ready(int descriptor, Ready ready);

  bool synchronised() const override { return synchronised_; }
  Millis since_boot() const override { return moment_.elapsed.time_since_epoch(); }
  std::string boot_id() const override { return boot_id_; }
  void set_synchronised(bool synchronised) { synchronised_ = synchronised; }
  void set_boot_id(std::string id) { boot_id_ = std::move(id); }

 private:
  bool run_posted();
  bool run_due();
  bool run_round();
  std::optional<Millis> until_next();
  void pass(Millis span);

  Moment moment_;
  bool synchronised_ = true;
  std::string boot_id_ = "fake-boot";
  bool stopped_ = false;
  std::mutex mutex_;
  std::vector<Task> posted_;  // guarded by mutex_
  TimerQueue<Elapsed> elapsed_;
  TimerQueue<Instant> wall_;
  std::uint64_t next_timer_ = 1;
  std::map<int, Watcher> watched_;
  Task clock_stepped_;
};

}  // namespace sundial
