// The watchdog is fed while everything moves, and no longer.
#include "agent/runtime/heartbeat.hpp"

#include <gtest/gtest.h>

#include "platform/fake/event_loop.hpp"
#include "platform/fake/supervisor.hpp"
#include "platform/fake/worker.hpp"

namespace sundial::runtime {
namespace {

using std::chrono::seconds;

// A worker whose thread hangs in its work until it is let go.
class Hanging final : public Worker {
 public:
  explicit Hanging(EventLoop& loop) : worker_(loop) {}
  void run(Task work, Task done) override {
    if (hangs) {
      waiting_.push_back({std::move(work), std::move(done)});
    } else {
      worker_.run(std::move(work), std::move(done));
    }
  }
  void let_go() {
    hangs = false;
    for (auto& [work, done] : waiting_) worker_.run(std::move(work), std::move(done));
    waiting_.clear();
  }

  bool hangs = false;

 private:
  FakeWorker worker_;
  std::vector<std::pair<Task, Task>> waiting_;
};

class HeartbeatTest : public testing::Test {
 protected:
  HeartbeatTest() { supervisor_.waits = seconds{30}; }

  int beats_in(Millis span) {
    const int before = supervisor_.heartbeats;
    loop_.run_for(span);
    return supervisor_.heartbeats - before;
  }

  FakeEventLoop loop_;
  FakeSupervisor supervisor_;
  Hanging store_{loop_}, bridge_{loop_};
  std::string line_ = "ready";
  Heartbeat heartbeat_{loop_, supervisor_, {&store_, &bridge_}, [this] { return line_; }};
};

TEST_F(HeartbeatTest, BeatsOftenEnoughWhileAllMoves) {
  heartbeat_.beat();
  EXPECT_EQ(supervisor_.heartbeats, 1);
  EXPECT_EQ(beats_in(seconds{30}), 4);
  EXPECT_EQ(beats_in(seconds{300}), 40);
}

TEST_F(HeartbeatTest, StopsWhenTheStoreHangsAndGoesOnWhenItDoesNot) {
  heartbeat_.beat();
  loop_.run_for(seconds{8});
  store_.hangs = true;
  EXPECT_LE(beats_in(seconds{30}), 3);
  EXPECT_EQ(beats_in(seconds{30}), 0) << "systemd's patience is over by now";
  store_.let_go();
  EXPECT_EQ(beats_in(seconds{30}), 4);
}

TEST_F(HeartbeatTest, StopsWhenTheBridgeHangs) {
  bridge_.hangs = true;
  heartbeat_.beat();
  loop_.run_for(seconds{15});
  EXPECT_EQ(beats_in(seconds{30}), 0);
}

TEST_F(HeartbeatTest, SaysHowItIsOnlyWhenThatChanges) {
  heartbeat_.beat();
  EXPECT_EQ(supervisor_.last_status, "ready");
  supervisor_.last_status.clear();
  loop_.run_for(seconds{60});
  EXPECT_EQ(supervisor_.last_status, "");
  line_ = "not ready: no broker";
  loop_.run_for(seconds{10});
  EXPECT_EQ(supervisor_.last_status, "not ready: no broker");
}

TEST_F(HeartbeatTest, AsksNobodyWhereNoWatchdogWaits) {
  supervisor_.waits.reset();
  store_.hangs = true;
  heartbeat_.beat();
  EXPECT_EQ(beats_in(seconds{300}), 0);
  store_.let_go();
}

}  // namespace
}  // namespace sundial::runtime
