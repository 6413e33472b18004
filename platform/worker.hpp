// Work that may block, away from the loop: it hears moved values and answers on the loop.
#pragma once

#include <functional>

namespace sundial {

class Worker {
 public:
  using Task = std::function<void()>;

  virtual ~Worker() = default;

  // From the loop's thread: runs `work` on a thread of the worker's, then `done` on the loop. With
  // one thread, in the order of the calls. Neither may throw.
  virtual void run(Task work, Task done) = 0;
};

}  // namespace sundial
