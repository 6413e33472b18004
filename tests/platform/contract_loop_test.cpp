// What every event loop promises, checked on the kernel's and on virtual time.
#include <fcntl.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <thread>
#include <vector>

#include "platform/fake/event_loop.hpp"
#include "platform/linux/event_loop.hpp"

namespace sundial {
namespace {

using namespace std::chrono_literals;

struct OnLinux {
  OnLinux() : loop(std::move(*LinuxEventLoop::create())) {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    reading = UniqueFd(ends[0]);
    writing = UniqueFd(ends[1]);
  }
  EventLoop& get() { return *loop; }
  int descriptor() const { return reading.get(); }
  void make_readable() { EXPECT_EQ(::write(writing.get(), "x", 1), 1); }

  std::unique_ptr<LinuxEventLoop> loop;
  UniqueFd reading, writing;
};

struct OnVirtualTime {
  EventLoop& get() { return loop; }
  int descriptor() const { return 7; }
  void make_readable() {
    loop.post([this] { loop.make_ready(7, {.readable = true, .writable = false, .broken = false}); });
  }

  FakeEventLoop loop;
};

template <typename Place>
class LoopContract : public testing::Test {
 protected:
  EventLoop& loop() { return place.get(); }
  Elapsed in(Millis span) { return loop().now().elapsed + span; }
  // A broken loop ends the test instead of hanging it.
  void stop_at_the_latest() {
    loop().at(in(5s), [this] {
      late = true;
      loop().stop();
    });
  }

  Place place;
  bool late = false;
};

using Places = testing::Types<OnLinux, OnVirtualTime>;
TYPED_TEST_SUITE(LoopContract, Places);

TYPED_TEST(LoopContract, RunsPostedTasksInOrder) {
  std::string order;
  for (char c : std::string("abc")) this->loop().post([&order, c] { order += c; });
  this->loop().post([this] { this->loop().stop(); });
  this->loop().run();
  EXPECT_EQ(order, "abc");
}

TYPED_TEST(LoopContract, TakesTasksOfOtherThreads) {
  int sum = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 100; ++i) this->loop().post([&sum] { ++sum; });
    });
  }
  for (std::thread& thread : threads) thread.join();
  this->loop().post([this] { this->loop().stop(); });
  this->loop().run();
  EXPECT_EQ(sum, 400);
}

TYPED_TEST(LoopContract, RunsTimersInTheOrderOfTheirTimesAndNeverEarly) {
  std::string order;
  const Elapsed start = this->loop().now().elapsed;
  this->loop().at(start + 20ms, [&] {
    order += 'c';
    EXPECT_GE(this->loop().now().elapsed, start + 20ms);
    this->loop().stop();
  });
  this->loop().at(start + 5ms, [&] { order += 'a'; });
  this->loop().at(start + 5ms, [&] { order += 'b'; });
  this->loop().run();
  EXPECT_EQ(order, "abc");
}

TYPED_TEST(LoopContract, RunsWallTimersWhenTheWallClockSaysSo) {
  const Instant due = this->loop().now().wall + 10ms;
  bool ran = false;
  this->loop().at(due, [&] {
    ran = true;
    EXPECT_GE(this->loop().now().wall, due);
    this->loop().stop();
  });
  this->stop_at_the_latest();
  this->loop().run();
  EXPECT_TRUE(ran);
  EXPECT_FALSE(this->late);
}

TYPED_TEST(LoopContract, RunsAPastTimerAtOnce) {
  bool ran = false;
  this->loop().at(Instant{}, [&] { ran = true; });
  this->loop().at(Elapsed{}, [&] { this->loop().post([&] { this->loop().stop(); }); });
  this->stop_at_the_latest();
  this->loop().run();
  EXPECT_TRUE(ran);
  EXPECT_FALSE(this->late);
}

TYPED_TEST(LoopContract, ForgetsCancelledTimers) {
  bool ran = false;
  const auto first = this->loop().at(this->in(1ms), [&] { ran = true; });
  const auto second = this->loop().at(this->loop().now().wall + 5ms, [&] { ran = true; });
  this->loop().cancel(first);
  this->loop().at(this->in(2ms), [&] { this->loop().cancel(second); });
  this->loop().at(this->in(15ms), [&] { this->loop().stop(); });
  this->loop().run();
  this->loop().cancel(first);
  EXPECT_FALSE(ran);
}

TYPED_TEST(LoopContract, ATimerMaySetTheNext) {
  int rounds = 0;
  std::function<void()> again = [&] {
    if (++rounds == 5) return this->loop().stop();
    this->loop().at(this->in(1ms), again);
  };
  this->loop().at(this->in(1ms), again);
  this->stop_at_the_latest();
  this->loop().run();
  EXPECT_EQ(rounds, 5);
}

TYPED_TEST(LoopContract, CallsTheWatcherOfAReadableDescriptor) {
  int called = 0;
  this->loop().watch(this->place.descriptor(), EventLoop::Interest::read, [&](EventLoop::Ready ready) {
    EXPECT_TRUE(ready.readable);
    ++called;
    this->loop().unwatch(this->place.descriptor());
    this->loop().at(this->in(5ms), [&] { this->loop().stop(); });
  });
  this->place.make_readable();
  this->stop_at_the_latest();
  this->loop().run();
  EXPECT_EQ(called, 1);
  EXPECT_FALSE(this->late);
}

TYPED_TEST(LoopContract, AnotherWatcherTakesThePlaceOfTheFirst) {
  bool first = false;
  this->loop().watch(this->place.descriptor(), EventLoop::Interest::read,
                     [&](EventLoop::Ready) { first = true; });
  this->loop().watch(this->place.descriptor(), EventLoop::Interest::read,
                     [&](EventLoop::Ready) { this->loop().stop(); });
  this->place.make_readable();
  this->stop_at_the_latest();
  this->loop().run();
  EXPECT_FALSE(first);
  EXPECT_FALSE(this->late);
}

TYPED_TEST(LoopContract, PostingDoesNotStarveTimers) {
  bool ran = false;
  std::function<void()> forever = [&] {
    if (!ran) this->loop().post(forever);
  };
  // On virtual time nothing passes while tasks are posted, so the timer is due from the start.
  this->loop().at(this->loop().now().elapsed, [&] {
    ran = true;
    this->loop().stop();
  });
  this->loop().post(forever);
  this->loop().run();
  EXPECT_TRUE(ran);
}

TEST(FakeLoop, AYearOfHoursPassesAtOnce) {
  FakeEventLoop loop;
  int hours = 0;
  std::function<void()> hour = [&] {
    ++hours;
    loop.at(loop.now().wall + 1h, hour);
  };
  loop.at(loop.now().wall + 1h, hour);
  loop.run_for(24h * 365);
  EXPECT_EQ(hours, 24 * 365);
}

TEST(FakeLoop, AClockStepIsHeardAndMovesOnlyWallTimers) {
  FakeEventLoop loop;
  int stepped = 0, wall = 0, elapsed = 0;
  loop.on_clock_step([&] { ++stepped; });
  loop.at(loop.now().wall + 1h, [&] { ++wall; });
  loop.at(loop.now().elapsed + 1h, [&] { ++elapsed; });
  loop.set_wall(loop.now().wall + 2h);
  loop.settle();
  EXPECT_EQ(stepped, 1);
  EXPECT_EQ(wall, 1);
  EXPECT_EQ(elapsed, 0);
}

// Those that may wait come in their order with those that may not, and none is left behind: neither in a
// flood, where the loop lets them gather, nor the last one, which nothing follows.
TEST(LinuxLoop, RunsWhatMayWaitALittleInOrderToo) {
  auto loop = std::move(*LinuxEventLoop::create());
  std::vector<int> order;
  std::thread other([&] {
    for (int i = 0; i < 20'000; ++i) {
      auto task = [&order, i] { order.push_back(i); };
      i % 100 == 99 ? loop->post(task) : loop->post_soon(task);
    }
    loop->post_soon([&] { loop->stop(); });
  });
  loop->run();
  other.join();
  EXPECT_EQ(order.size(), 20'000U);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST(LinuxLoop, StopsFromAnotherThread) {
  auto loop = std::move(*LinuxEventLoop::create());
  std::thread other([&] { loop->post([&] { loop->stop(); }); });
  loop->run();
  other.join();
}

}  // namespace
}  // namespace sundial
