// epoll over an eventfd, one timerfd a clock, and what is watched.
#include "platform/linux/event_loop.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>

namespace sundial {
namespace {

constexpr int kEventsAtOnce = 64;
constexpr int kNap = 2;  // milliseconds
constexpr std::chrono::microseconds kCloseBehind{500};

itimerspec at_time(Millis since_epoch) {
  itimerspec spec{};
  // Where time_t has 32 bits (Debian 12 on armhf) a timer of after 2038 wakes early, and is set again.
  constexpr std::chrono::seconds kLast{std::numeric_limits<time_t>::max()};
  const auto whole = std::min(std::chrono::floor<std::chrono::seconds>(since_epoch), kLast);
  spec.it_value.tv_sec = static_cast<time_t>(whole.count());
  if (whole < kLast) {
    spec.it_value.tv_nsec = static_cast<long>(std::chrono::nanoseconds(since_epoch - whole).count());
  }
  // All zeros would disarm; a time before the clock began is due now.
  if (since_epoch <= Millis{0}) {
    spec.it_value.tv_sec = 0;
    spec.it_value.tv_nsec = 1;
  }
  return spec;
}

std::uint64_t tag_of(int descriptor, std::uint32_t generation) {
  return std::uint64_t{generation} << 32U | static_cast<std::uint32_t>(descriptor);
}

std::uint32_t wanted(EventLoop::Interest interest) {
  switch (interest) {
    case EventLoop::Interest::read:
      return EPOLLIN | EPOLLRDHUP;
    case EventLoop::Interest::write:
      return EPOLLOUT;
    case EventLoop::Interest::read_write:
      return EPOLLIN | EPOLLOUT | EPOLLRDHUP;
  }
  return 0;
}

void drain(int descriptor) {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto taken = ::read(descriptor, &count, sizeof count);
}

}  // namespace

Result<std::unique_ptr<LinuxEventLoop>> LinuxEventLoop::create() {
  UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  UniqueFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  UniqueFd elapsed(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  UniqueFd wall(::timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK));
  for (const UniqueFd* part : {&wake, &elapsed, &wall}) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = tag_of(part->get(), 0);
    if (!epoll || !*part || ::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, part->get(), &event) != 0) {
      return Error(ErrorKind::internal,
                   std::string("the event loop can't be set up: ") + std::strerror(errno));
    }
  }
  return std::unique_ptr<LinuxEventLoop>(
      new LinuxEventLoop(std::move(epoll), std::move(wake), std::move(elapsed), std::move(wall)));
}

LinuxEventLoop::LinuxEventLoop(UniqueFd epoll, UniqueFd wake, UniqueFd elapsed_timer, UniqueFd wall_timer)
    : epoll_(std::move(epoll)),
      wake_(std::move(wake)),
      elapsed_timer_(std::move(elapsed_timer)),
      wall_timer_(std::move(wall_timer)) {}

// Only who sleeps is woken: who is awake looks again before going to sleep.
void LinuxEventLoop::post(Task task) {
  bool resting = false;
  {
    const std::lock_guard lock(mutex_);
    posted_.push_back(std::move(task));
    resting = std::exchange(rest_, Rest::none) != Rest::none;
  }
  if (resting) wake();
}

void LinuxEventLoop::post_soon(Task task) {
  bool asleep = false;
  {
    const std::lock_guard lock(mutex_);
    posted_.push_back(std::move(task));
    some_soon_ = true;
    asleep = rest_ == Rest::sleep;
    if (asleep) rest_ = Rest::none;
  }
  if (asleep) wake();
}

void LinuxEventLoop::wake() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
}

EventLoop::TimerId LinuxEventLoop::at(Elapsed when, Task task) {
  const TimerId id{next_timer_++};
  elapsed_.add(when, id, std::move(task));
  return id;
}

EventLoop::TimerId LinuxEventLoop::at(Instant when, Task task) {
  const TimerId id{next_timer_++};
  wall_.add(when, id, std::move(task));
  return id;
}

void LinuxEventLoop::cancel(TimerId timer) {
  if (!elapsed_.cancel(timer)) wall_.cancel(timer);
}

void LinuxEventLoop::watch(int descriptor, Interest interest, Watcher watcher) {
  Watched& entry = watched_[descriptor];
  const int operation = entry.watcher ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  entry.generation = next_generation_++;
  entry.watcher = std::make_shared<Watcher>(std::move(watcher));
  epoll_event event{};
  event.events = wanted(interest);
  event.data.u64 = tag_of(descriptor, entry.generation);
  // A descriptor that epoll refuses is one that its owner has closed: it hears so.
  if (::epoll_ctl(epoll_.get(), operation, descriptor, &event) != 0) {
    post([watcher = entry.watcher] { (*watcher)({.readable = false, .writable = false, .broken = true}); });
  }
}

void LinuxEventLoop::unwatch(int descriptor) {
  if (watched_.erase(descriptor) != 0) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, descriptor, nullptr);
}

void LinuxEventLoop::on_clock_step(Task task) {
  clock_stepped_ = std::move(task);
}

Moment LinuxEventLoop::now() const {
  return clock_.now();
}

void LinuxEventLoop::run() {
  stopped_ = false;
  while (!stopped_) {
    run_posted();
    if (!stopped_) run_timers();
    if (stopped_) break;
    arm_timers();
    wait();
  }
}

void LinuxEventLoop::stop() {
  stopped_ = true;
  post([] {});
}

// What a task posts runs in the next round, so that posting can't starve timers and descriptors.
void LinuxEventLoop::run_posted() {
  std::vector<Task> tasks;
  {
    const std::lock_guard lock(mutex_);
    tasks.swap(posted_);
    ran_soon_ = std::exchange(some_soon_, false);
  }
  for (Task& task : tasks) task();
}

void LinuxEventLoop::run_timers() {
  const Moment moment = now();
  while (Task task = elapsed_.take_due(moment.elapsed)) task();
  while (Task task = wall_.take_due(moment.wall)) task();
}

void LinuxEventLoop::arm_timers() {
  const auto elapsed = elapsed_.earliest();
  if (elapsed != armed_elapsed_) {
    const itimerspec spec = elapsed ? at_time(elapsed->time_since_epoch()) : itimerspec{};
    ::timerfd_settime(elapsed_timer_.get(), TFD_TIMER_ABSTIME, &spec, nullptr);
    armed_elapsed_ = elapsed;
  }
  const auto wall = wall_.earliest();
  if (!wall_armed_ || wall != armed_wall_) arm_wall(wall);
}

// Always armed, be it for the far future: only an armed timer hears that the clock was set.
void LinuxEventLoop::arm_wall(std::optional<Instant> when) {
  constexpr Millis never = std::chrono::hours{24 * 365 * 200};
  const itimerspec spec = at_time(when ? when->time_since_epoch() : never);
  const int flags = TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET;
  // ECANCELED: the clock was set just now. The timer is armed nevertheless.
  const bool stepped = ::timerfd_settime(wall_timer_.get(), flags, &spec, nullptr) != 0 && errno == ECANCELED;
  armed_wall_ = when;
  wall_armed_ = true;
  if (stepped && clock_stepped_) post(clock_stepped_);
}

// Much comes where the last nap brought something, or where this came close behind the last.
bool LinuxEventLoop::wants_nap() {
  if (!ran_soon_) return false;
  const auto now = std::chrono::steady_clock::now();
  const bool much = napped_ || now - last_soon_ < kCloseBehind;
  last_soon_ = now;
  return much;
}

void LinuxEventLoop::wait() {
  std::array<epoll_event, kEventsAtOnce> events{};
  const bool nap = wants_nap();
  int limit = 0;  // where something is posted already
  {
    const std::lock_guard lock(mutex_);
    if (posted_.empty()) {
      rest_ = nap ? Rest::nap : Rest::sleep;
      limit = nap ? kNap : -1;
    }
  }
  const int count = ::epoll_wait(epoll_.get(), events.data(), kEventsAtOnce, limit);
  napped_ = nap;
  {
    const std::lock_guard lock(mutex_);
    rest_ = Rest::none;
  }
  for (int i = 0; i < count && !stopped_; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    dispatch(event.data.u64, event.events);
  }
}

void LinuxEventLoop::dispatch(std::uint64_t tag, std::uint32_t events) {
  const int descriptor = static_cast<int>(tag & 0xFFFFFFFFU);
  const auto generation = static_cast<std::uint32_t>(tag >> 32U);
  if (generation == 0) {
    if (descriptor == wall_timer_.get()) return hear_wall_timer();
    drain(descriptor);
    if (descriptor == elapsed_timer_.get()) armed_elapsed_.reset();
    return;
  }
  // An earlier watcher of this round may have closed it, and a new one may have its number.
  const auto found = watched_.find(descriptor);
  if (found == watched_.end() || found->second.generation != generation) return;
  const std::shared_ptr<Watcher> watcher = found->second.watcher;
  (*watcher)({.readable = (events & (EPOLLIN | EPOLLRDHUP)) != 0,
              .writable = (events & EPOLLOUT) != 0,
              .broken = (events & (EPOLLERR | EPOLLHUP)) != 0});
}

void LinuxEventLoop::hear_wall_timer() {
  std::uint64_t count = 0;
  const bool stepped = ::read(wall_timer_.get(), &count, sizeof count) < 0 && errno == ECANCELED;
  wall_armed_ = false;
  if (stepped && clock_stepped_) clock_stepped_();
}

}  // namespace sundial
