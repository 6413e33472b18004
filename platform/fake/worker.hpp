// A worker without a thread: on virtual time, work happens in its turn on the loop.
#pragma once

#include <utility>

#include "platform/event_loop.hpp"
#include "platform/worker.hpp"

namespace sundial {

class FakeWorker final : public Worker {
 public:
  explicit FakeWorker(EventLoop& loop) : loop_(loop) {}

  void run(Task work, Task done) override {
    loop_.post([this, work = std::move(work), done = std::move(done)]() mutable {
      work();
      loop_.post(std::move(done));
    });
  }

 private:
  EventLoop& loop_;
};

}  // namespace sundial
