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

// On the loop's thread. A transaction that fails is tried again until it succeeds: what it holds was
// decided and is nowhere else, and nothing later may overtake it.
class Committer {
 public:
  using Done = std::function<void()>;

  struct Parts {
    EventLoop& loop;
    Worker& worker;  // one thread: transactions stay in order
    Store& store;
    Journal& journal;
    Log& log;
    // Adds to a transaction what its owner has ready, at the last moment before it is written.
    std::function<void(StoreBatch&)> fill;
    // Is called on each change between working and failing.
    std::function<void(const std::string& problem)> failing;
  };

  explicit Committer(Parts parts) : parts_(std::move(parts)) {}

  // At once, or as soon as the one being written is through; then `done`.
  void now(Done done = {});
  // Within kLazily: nobody waits for it, and the journal has what it comes from.
  void soon();
  // From within `fill`: to be called first when the transaction that is being filled is durable.
  void then(Done done) { first_ = std::move(done); }
  // Further contents of the next transaction.
  StoreBatch& next() { return next_; }

  bool idle() const { return !running_ && !wanted_ && waiting_.empty(); }
  const std::string& problem() const { return problem_; }
  // As of the last transaction.
  const StoreSize& size() const { return size_; }
  void set_size(const StoreSize& size) { size_ = size; }

  static constexpr Millis kLazily = std::chrono::seconds{1};

 private:
  struct Running;

  void begin();
  void write(std::shared_ptr<Running> running);
  void finish(const std::shared_ptr<Running>& running);

  Parts parts_;
  StoreBatch next_;
  Done first_;
  std::vector<Done> waiting_;
  bool wanted_ = false;  // the next transaction is to follow at once
  bool running_ = false;
  std::optional<EventLoop::TimerId> timer_;
  Millis pause_{0};
  std::string problem_;
  StoreSize size_;
};

}  // namespace sundial::runtime
