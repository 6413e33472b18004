// Workers, with threads and without: work in order, answers on the loop.
#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>
#include <vector>

#include "platform/fake/event_loop.hpp"
#include "platform/fake/worker.hpp"
#include "platform/linux/event_loop.hpp"
#include "platform/linux/thread_worker.hpp"

namespace sundial {
namespace {

std::vector<int> run_ten(EventLoop& loop, Worker& worker) {
  std::vector<int> done;
  for (int number = 0; number < 10; ++number) {
    auto result = std::make_shared<int>(-1);
    worker.run([result, number] { *result = number; },
               [&loop, &done, result] {
                 done.push_back(*result);
                 if (done.size() == 10) loop.stop();
               });
  }
  loop.run();
  return done;
}

TEST(WorkerContract, AnswersOnTheLoopInOrder) {
  const std::vector<int> in_order{0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  FakeEventLoop fake_loop;
  FakeWorker fake(fake_loop);
  EXPECT_EQ(run_ten(fake_loop, fake), in_order);
  auto loop = LinuxEventLoop::create();
  ASSERT_TRUE(loop);
  ThreadWorker real(**loop, 1);
  EXPECT_EQ(run_ten(**loop, real), in_order);
}

// How many of them ran, when each waits until so many run at once.
int at_once(LinuxEventLoop& loop, ThreadWorker& worker, int jobs) {
  std::atomic<int> running = 0;
  std::latch all(jobs);
  int done = 0;
  for (int number = 0; number < jobs; ++number) {
    worker.run(
        [&] {
          ++running;
          all.arrive_and_wait();
        },
        [&] {
          if (++done == jobs) loop.stop();
        });
  }
  loop.run();
  return running;
}

TEST(ThreadWorker, HasSoManyThreadsAsItIsTold) {
  auto loop = LinuxEventLoop::create();
  ASSERT_TRUE(loop);
  ThreadWorker worker(**loop, 1);
  worker.resize(3);
  EXPECT_EQ(at_once(**loop, worker, 3), 3);
  worker.resize(1);
  const std::vector<int> in_order{0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  EXPECT_EQ(run_ten(**loop, worker), in_order) << "one thread keeps the order";
  worker.resize(2);
  EXPECT_EQ(at_once(**loop, worker, 2), 2);
}

TEST(WorkerContract, EndsWithWorkUndone) {
  auto loop = LinuxEventLoop::create();
  ASSERT_TRUE(loop);
  auto worker = std::make_unique<ThreadWorker>(**loop, 1);
  for (int number = 0; number < 100; ++number) {
    worker->run([] { std::this_thread::yield(); }, [] { FAIL() << "nobody runs the loop any more"; });
  }
  worker.reset();
}

}  // namespace
}  // namespace sundial
