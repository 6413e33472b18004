// A worker with threads of its own.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "platform/event_loop.hpp"
#include "platform/worker.hpp"

namespace sundial {

class ThreadWorker final : public Worker {
 public:
  ThreadWorker(EventLoop& loop, int threads);
  // Waits for the work that has begun; what has not is dropped, and no `done` comes any more.
  ~ThreadWorker() override;

  void run(Task work, Task done) override;
  // So many threads from now on; those that are too many end with the work that they have.
  void resize(int threads);

 private:
  struct Job {
    Task work;
    Task done;
  };

  void serve();

  EventLoop& loop_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;  // guarded by mutex_; callers bound what they hand in
  bool stopping_ = false;
  int wanted_ = 0;
  int serving_ = 0;
  std::vector<std::thread> threads_;
  std::vector<std::thread::id> left_;  // and are still to be joined
};

}  // namespace sundial
