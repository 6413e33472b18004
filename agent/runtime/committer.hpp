// Group commit: whatever is decided while one transaction is written goes together into the next.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "agent/ports/journal.hpp"
#include "agent/ports/store.hpp"
#include "platform/base/log.hpp"
#include "platform/event_loop.hpp"
#include "platform/worker.hpp"

namespace sundial::runtime {

// On the loop's thread. With the first transaction that fails it is over: what it held was decided from
// what the journal holds, and is decided again by whoever begins anew from the store.
class Committer {
 public:
  using Done = std::function<void(const Result<void>&)>;

  struct Parts {
    EventLoop& loop;
    Worker& worker;  // one thread: transactions stay in order
    Store& store;
    Journal& journal;
    Log& log;
    // Adds to a transaction what its owner has ready, at the last moment before it is written.
    std::function<void(StoreBatch&)> fill;
    // Once: a transaction failed.
    std::function<void(const Error&)> failed;
  };

  explicit Committer(Parts parts) : parts_(std::move(parts)) {}

  ~Committer();

  // At once, or as soon as the one being written is through; then `done`, also where it fails.
  void now(Done done = {});
  // Within this time: nobody waits for it, and the journal has what it comes from.
  void soon(Millis within = kLazily);
  // From within `fill`: to be called first when the transaction that is being filled is durable.
  void then(std::function<void()> done) { first_ = std::move(done); }
  // Nothing is written any more; all who wait are told so.
  void give_up(const Error& why);
  // Further contents of the next transaction.
  StoreBatch& next() { return next_; }

  bool idle() const { return !running_ && !wanted_ && waiting_.empty(); }
  // As of the last transaction.
  const StoreSize& size() const { return size_; }
  void set_size(const StoreSize& size) { size_ = size; }

  static constexpr Millis kLazily = std::chrono::seconds{1};

 private:
  struct Running;

  void begin();
  void finish(const std::shared_ptr<Running>& running);

  Parts parts_;
  StoreBatch next_;
  std::function<void()> first_;
  std::vector<Done> waiting_;
  bool wanted_ = false;  // the next transaction is to follow at once
  bool running_ = false;
  std::optional<EventLoop::TimerId> timer_;
  Elapsed due_{};  // of the timer
  std::optional<Error> over_;
  StoreSize size_;
};

}  // namespace sundial::runtime
