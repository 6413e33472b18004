// Group commit: whatever is decided while one transaction is written goes together into the next.
#include "agent/runtime/committer.hpp"

#include <algorithm>
#include <utility>

namespace sundial::runtime {
struct Committer::Running {
  StoreBatch batch;
  std::function<void()> first;
  std::vector<Done> done;
  Result<void> outcome;
  StoreSize size;
};

Committer::~Committer() {
  if (timer_) parts_.loop.cancel(*timer_);
}

void Committer::now(Done done) {
  if (over_) {
    if (done) done(*over_);
    return;
  }
  if (done) waiting_.push_back(std::move(done));
  wanted_ = true;
  if (!running_) begin();
}

void Committer::soon(Millis within) {
  const Elapsed due = parts_.loop.now().elapsed + within;
  if (running_ || wanted_ || over_ || (timer_ && due_ <= due)) return;
  if (timer_) parts_.loop.cancel(*timer_);
  due_ = due;
  timer_ = parts_.loop.at(due, [this] {
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
  running_ = false;
  if (!running->outcome) {
    parts_.log.error("store.commit_failed", running->outcome.error().message());
    for (const Done& done : running->done) done(running->outcome);
    give_up(running->outcome.error());
    return parts_.failed(running->outcome.error());
  }
  size_ = running->size;
  if (running->first) running->first();
  for (const Done& done : running->done) done({});
  if (wanted_ && !running_ && !over_) begin();
}

void Committer::give_up(const Error& why) {
  over_ = why;
  if (timer_) parts_.loop.cancel(*std::exchange(timer_, std::nullopt));
  std::vector<Done> waiting;
  waiting.swap(waiting_);
  for (const Done& done : waiting) done(why);
}

}  // namespace sundial::runtime
