// One connection after the other, as long as the listener wants to hear.
#include "agent/adapters/mqtt/listen.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include "agent/adapters/mqtt/connection.hpp"
#include "agent/adapters/mqtt/translate.hpp"

namespace sundial::adapters {
namespace {

constexpr std::chrono::seconds kFirstPause{1};
constexpr std::chrono::seconds kLongestPause{30};

class Ear : public ConnectionListener {
 public:
  explicit Ear(BrokerListener& listener) : listener_(listener) {}

  bool arrived(const Arrival& arrival) override {
    taking_ = true;
    {
      const std::lock_guard lock(mutex_);
      if (!done_ && !listener_.heard(arrival)) end();
    }
    taking_ = false;
    return true;
  }
  void lost(std::string why) override {
    const std::lock_guard lock(mutex_);
    lost_ = true;
    why_ = std::move(why);
    changed_.notify_all();
  }
  void published(std::uintptr_t, Result<void>) override {}
  bool give_up() const override {
    const std::lock_guard lock(mutex_);
    return lost_ || done_;
  }

  bool busy() const override { return taking_; }

  void begin() {
    const std::lock_guard lock(mutex_);
    lost_ = false;
  }
  bool done() const {
    const std::lock_guard lock(mutex_);
    return done_;
  }
  // Until the connection is lost or the listener has enough.
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return lost_ || done_; });
  }
  void tell_away(bool away) {
    const std::lock_guard lock(mutex_);
    if (!done_ && !listener_.away(away, why_)) end();
  }
  void pause(std::chrono::seconds length) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, length, [this] { return done_; });
  }

 private:
  void end() {
    done_ = true;
    changed_.notify_all();
  }

  BrokerListener& listener_;
  std::atomic<bool> taking_{false};
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool lost_ = false;
  bool done_ = false;
  std::string why_;
};

// Logged in and subscribed; or why not.
Result<std::unique_ptr<Connection>> open(const model::MqttSettings& settings,
                                         const std::vector<std::string>& filters, Ear& ear) {
  ear.begin();
  auto connection = Connection::create(settings, ear);
  if (!connection) return connection.error();
  mqtt::connect_options options;
  if (auto filled = fill_options(settings, {}, options); !filled) return filled.error();
  if (settings.version == 5) {
    options.set_clean_start(true);
  } else {
    options.set_clean_session(true);
  }
  auto connected = (*connection)->connect(options);
  Result<void> outcome = connected ? Result<void>() : Result<void>(connected.error());
  for (std::size_t i = 0; i < filters.size() && outcome; ++i) {
    outcome = (*connection)->subscribe({filters[i], 1, 0});
    if (!outcome) outcome = outcome.error().within(filters[i]);
  }
  if (outcome) return connection;
  (*connection)->disconnect();
  return outcome.error();
}

}  // namespace

Result<void> listen_to_broker(model::MqttSettings settings, const std::vector<std::string>& filters,
                              BrokerListener& listener) {
  settings.session_expiry = Millis{0};
  Ear ear(listener);
  std::chrono::seconds pause = kFirstPause;
  for (bool first = true; !ear.done(); first = false) {
    auto connection = open(settings, filters, ear);
    if (!connection && first) return connection.error();
    if (connection) {
      if (!first) ear.tell_away(false);
      pause = kFirstPause;
      ear.wait();
      (*connection)->disconnect();
      connection->reset();
      ear.tell_away(true);
    } else {
      pause = std::min(pause * 2, kLongestPause);
    }
    ear.pause(pause);
  }
  return {};
}

}  // namespace sundial::adapters
