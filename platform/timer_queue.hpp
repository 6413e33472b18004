// Timers of one clock, earliest first, in one heap; equal times in the order in which they were set.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "platform/event_loop.hpp"

namespace sundial {

template <typename TimePoint>
class TimerQueue {
 public:
  void add(TimePoint when, EventLoop::TimerId id, EventLoop::Task task) {
    heap_.push_back({when, id});
    std::push_heap(heap_.begin(), heap_.end());
    tasks_.emplace(id, std::move(task));
  }

  bool cancel(EventLoop::TimerId id) {
    if (tasks_.erase(id) == 0) return false;
    if (heap_.size() > 2 * tasks_.size() + 64) compact();
    return true;
  }

  std::optional<TimePoint> earliest() {
    while (!heap_.empty() && !tasks_.contains(heap_.front().id)) drop_front();
    return heap_.empty() ? std::nullopt : std::optional(heap_.front().when);
  }

  // Takes the task of the earliest timer that is due at `now`, or nothing.
  EventLoop::Task take_due(TimePoint now) {
    const auto when = earliest();
    if (!when || *when > now) return {};
    auto found = tasks_.find(heap_.front().id);
    EventLoop::Task task = std::move(found->second);
    tasks_.erase(found);
    drop_front();
    return task;
  }

 private:
  struct Entry {
    TimePoint when;
    EventLoop::TimerId id;
    // The heap's front is its greatest.
    bool operator<(const Entry& other) const {
      return when != other.when ? when > other.when : id > other.id;
    }
  };

  void drop_front() {
    std::pop_heap(heap_.begin(), heap_.end());
    heap_.pop_back();
  }

  // Cancelled timers leave their entries behind; a heap that is mostly those is rebuilt.
  void compact() {
    std::erase_if(heap_, [this](const Entry& entry) { return !tasks_.contains(entry.id); });
    std::make_heap(heap_.begin(), heap_.end());
  }

  std::vector<Entry> heap_;
  std::unordered_map<EventLoop::TimerId, EventLoop::Task> tasks_;
};

}  // namespace sundial
