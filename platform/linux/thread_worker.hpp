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
  std::vector<std::thread> threads_;
};

}  // namespace sundial
