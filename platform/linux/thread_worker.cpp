// A worker with threads of its own.
#include "platform/linux/thread_worker.hpp"

#include <algorithm>
#include <utility>

namespace sundial {

ThreadWorker::ThreadWorker(EventLoop& loop, int threads) : loop_(loop) {
  resize(threads);
}

void ThreadWorker::resize(int threads) {
  const std::lock_guard lock(mutex_);
  // Who left holds no lock and touches nothing of this any more.
  for (const std::thread::id left : std::exchange(left_, {})) {
    const auto thread = std::find_if(threads_.begin(), threads_.end(),
                                     [left](const std::thread& one) { return one.get_id() == left; });
    thread->join();
    threads_.erase(thread);
  }
  wanted_ = threads;
  for (; serving_ < wanted_; ++serving_) threads_.emplace_back([this] { serve(); });
  changed_.notify_all();
}

ThreadWorker::~ThreadWorker() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void ThreadWorker::run(Task work, Task done) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back({std::move(work), std::move(done)});
  }
  changed_.notify_one();
}

void ThreadWorker::serve() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || serving_ > wanted_ || !jobs_.empty(); });
    if (stopping_) return;
    if (serving_ > wanted_) {
      --serving_;
      left_.push_back(std::this_thread::get_id());
      return;
    }
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job.work();
    loop_.post(std::move(job.done));
    job = {};
    lock.lock();
  }
}

}  // namespace sundial
