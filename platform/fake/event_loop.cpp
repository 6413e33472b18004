// Virtual time: from timer to timer, in the order of their instants.
#include "platform/fake/event_loop.hpp"

namespace sundial {

void FakeEventLoop::post(Task task) {
  const std::lock_guard lock(mutex_);
  posted_.push_back(std::move(task));
}

EventLoop::TimerId FakeEventLoop::at(Elapsed when, Task task) {
  const TimerId id{next_timer_++};
  elapsed_.add(when, id, std::move(task));
  return id;
}

EventLoop::TimerId FakeEventLoop::at(Instant when, Task task) {
  const TimerId id{next_timer_++};
  wall_.add(when, id, std::move(task));
  return id;
}

void FakeEventLoop::cancel(TimerId timer) {
  if (!elapsed_.cancel(timer)) wall_.cancel(timer);
}

void FakeEventLoop::watch(int descriptor, Interest, Watcher watcher) {
  watched_.insert_or_assign(descriptor, std::move(watcher));
}

void FakeEventLoop::unwatch(int descriptor) {
  watched_.erase(descriptor);
}

void FakeEventLoop::on_clock_step(Task task) {
  clock_stepped_ = std::move(task);
}

bool FakeEventLoop::run_posted() {
  std::vector<Task> tasks;
  {
    const std::lock_guard lock(mutex_);
    tasks.swap(posted_);
  }
  for (Task& task : tasks) task();
  return !tasks.empty();
}

bool FakeEventLoop::run_due() {
  bool ran = false;
  while (Task task = elapsed_.take_due(moment_.elapsed)) {
    task();
    ran = true;
  }
  while (Task task = wall_.take_due(moment_.wall)) {
    task();
    ran = true;
  }
  return ran;
}

// Timers get their turn also while tasks keep posting tasks.
bool FakeEventLoop::run_round() {
  const bool posted = run_posted();
  return run_due() || posted;
}

std::optional<Millis> FakeEventLoop::until_next() {
  std::optional<Millis> span;
  if (const auto when = elapsed_.earliest()) span = *when - moment_.elapsed;
  if (const auto when = wall_.earliest()) span = std::min(span.value_or(Millis::max()), *when - moment_.wall);
  return span;
}

void FakeEventLoop::pass(Millis span) {
  moment_.wall += span;
  moment_.elapsed += span;
}

void FakeEventLoop::run() {
  stopped_ = false;
  while (!stopped_) {
    if (run_round()) continue;
    const auto span = until_next();
    if (!span) return;
    pass(*span);
  }
}

void FakeEventLoop::stop() {
  stopped_ = true;
}

void FakeEventLoop::settle() {
  stopped_ = false;
  while (!stopped_ && run_round()) {
  }
}

void FakeEventLoop::run_for(Millis span) {
  const Elapsed end = moment_.elapsed + span;
  settle();
  while (!stopped_ && moment_.elapsed < end) {
    pass(std::min(until_next().value_or(Millis::max()), end - moment_.elapsed));
    settle();
  }
}

void FakeEventLoop::stall(Millis span) {
  pass(span);
}

void FakeEventLoop::set_wall(Instant to) {
  moment_.wall = to;
  if (clock_stepped_) post(clock_stepped_);
}

void FakeEventLoop::make_ready(int descriptor, Ready ready) {
  const auto found = watched_.find(descriptor);
  if (found == watched_.end()) return;
  const Watcher watcher = found->second;
  watcher(ready);
}

}  // namespace sundial
