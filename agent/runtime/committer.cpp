// Group commit: whatever is decided while one transaction is written goes together into the next.
#include "agent/runtime/committer.hpp"

#include <algorithm>
#include <utility>

namespace sundial::runtime {
namespace {

constexpr Millis kFirstPause{100};
constexpr Millis kLongestPause{5'000};

}  // namespace

struct Committer::Running {
  StoreBatch batch;
  Done first;
  std::vector<Done> done;
  Result<void> outcome;
  StoreSize size;
};

void Committer::now(Done done) {
  if (done) waiting_.push_back(std::move(done));
  wanted_ = true;
  if (!running_) begin();
}

void Committer::soon() {
  if (running_ || wanted_ || timer_) return;
  timer_ = parts_.loop.at(parts_.loop.now().elapsed + kLazily, [this] {
    timer_.reset();
    now();
  });
}

void Committer::begin() {
  if (timer_) parts_.loop.cancel(*std::exchange(timer_, std::nullopt));
  auto running = std::make_shared<Running>();
  parts_.fill(next_);
  running->batch = std::exchange(next_, {});
  running->first = std::exchange(first_, {});
  running->done.swap(waiting_);
  wanted_ = false;
  running_ = true;
  write(std::move(running));
}

void Committer::write(std::shared_ptr<Running> running) {
  parts_.worker.run(
      [this, running] {
        running->outcome = {};
        // Where the journal is synced by an interval: effects that outlive the entry they come from would
        // be made a second time by its redelivery.
        if (parts_.journal.needs_sync()) running->outcome = parts_.journal.sync();
        if (running->outcome) running->outcome = parts_.store.commit(running->batch);
        if (running->outcome) running->size = parts_.store.size();
      },
      [this, running] { finish(running); });
}

void Committer::finish(const std::shared_ptr<Running>& running) {
  if (!running->outcome) {
    const std::string& problem = running->outcome.error().message();
    parts_.log.error("store.commit_failed", problem);
    if (std::exchange(problem_, problem).empty()) parts_.failing(problem_);
    pause_ = std::clamp(pause_ * 2, kFirstPause, kLongestPause);
    parts_.loop.at(parts_.loop.now().elapsed + pause_, [this, running] { write(running); });
    return;
  }
  size_ = running->size;
  pause_ = Millis{0};
  if (!std::exchange(problem_, {}).empty()) {
    parts_.log.info("store.commit_works_again", "the store can be written again");
    parts_.failing({});
  }
  running_ = false;
  if (running->first) running->first();
  for (const Done& done : running->done) done();
  if (wanted_ && !running_) begin();
}

}  // namespace sundial::runtime
