// signalfd behind SignalWatch.
#include "platform/linux/signals.hpp"

#include <signal.h>
#include <sys/signalfd.h>

namespace sundial {

void ignore_broken_pipes() {
  ::signal(SIGPIPE, SIG_IGN);
}

SignalWatch::SignalWatch(EventLoop& loop, std::initializer_list<int> signals, std::function<void(int)> heard)
    : loop_(loop), heard_(std::move(heard)) {
  sigset_t set;
  sigemptyset(&set);
  for (int signal : signals) sigaddset(&set, signal);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  descriptor_ = UniqueFd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  loop_.watch(descriptor_.get(), EventLoop::Interest::read, [this](EventLoop::Ready) {
    signalfd_siginfo info{};
    while (::read(descriptor_.get(), &info, sizeof info) == sizeof info)
      heard_(static_cast<int>(info.ssi_signo));
  });
}

SignalWatch::~SignalWatch() {
  loop_.unwatch(descriptor_.get());
}

}  // namespace sundial
