// Keeps one connection to the broker alive: one thread of ours makes every call into Paho.
#include "agent/adapters/mqtt/keeper.hpp"

#include <algorithm>

#include "agent/adapters/mqtt/translate.hpp"

namespace sundial::adapters {
namespace {

constexpr Millis kFirstPause{200};
constexpr Millis kLongestPause{8'000};
constexpr Millis kLoginPause{60'000};  // a wrong password does not become right by asking often
constexpr int kFailuresPerClient = 5;  // then Paho's client is made anew
constexpr std::size_t kMaxPublishing = 256;
constexpr Millis kFarewellPatience{500};
constexpr Millis kTakingPatience{500};
constexpr Millis kStopPatience{3'000};

bool same(const Subscription& left, const Subscription& right) {
  return left.filter == right.filter && left.qos == right.qos && left.id == right.id;
}

bool contains(const std::vector<Subscription>& list, const Subscription& one) {
  return std::any_of(list.begin(), list.end(), [&](const Subscription& other) { return same(other, one); });
}

bool names(const std::vector<Subscription>& list, const std::string& filter) {
  return std::any_of(list.begin(), list.end(),
                     [&](const Subscription& other) { return other.filter == filter; });
}

}  // namespace

void Keeper::start(BusListener& listener, std::vector<Subscription> subscriptions,
                   std::vector<std::string> former) {
  listener_ = &listener;
  wanted_ = std::move(subscriptions);
  unwanted_ = std::move(former);
}

void Keeper::resubscribe(std::vector<Subscription> subscriptions) {
  const std::lock_guard lock(mutex_);
  for (const Subscription& old : wanted_) unwanted_.push_back(old.filter);
  wanted_ = std::move(subscriptions);
  subscriptions_changed_ = true;
  changed_.notify_all();
}

void Keeper::publish(const std::string& topic, const std::string& payload, int qos, bool retain,
                     std::optional<Millis> expiry, Done done) {
  std::optional<Error> refusal;
  {
    const std::lock_guard lock(mutex_);
    if (!open_ || stopping_) {
      refusal.emplace(ErrorKind::unavailable, "no connection to the broker");
    } else if (outgoing_.size() + unanswered_.size() >= kMaxPublishing) {
      refusal.emplace(ErrorKind::exhausted, "too many messages wait for the broker's acknowledgement");
    } else {
      outgoing_.push_back({topic, payload, qos, retain, expiry, std::move(done)});
      changed_.notify_all();
    }
  }
  if (refusal) done(*refusal);
}

void Keeper::arrived(const Arrival& arrival) {
  ++steps_;
  listener_->arrived(arrival);
  ++steps_;
}

void Keeper::lost(std::string why) {
  const std::lock_guard lock(mutex_);
  if (!why_lost_) why_lost_ = std::move(why);
  changed_.notify_all();
}

bool Keeper::give_up() const {
  const std::lock_guard lock(mutex_);
  return why_lost_.has_value() || stopping_;
}

void Keeper::published(std::uintptr_t number, Result<void> outcome) {
  Done done;
  {
    const std::lock_guard lock(mutex_);
    const auto found = unanswered_.find(number);
    if (found == unanswered_.end()) return;
    done = std::move(found->second);
    unanswered_.erase(found);
  }
  if (done) done(std::move(outcome));
}

// Connect, serve until the connection is lost, pause, again.
void Keeper::keep() {
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) break;
      why_lost_.reset();
    }
    if (auto made = establish(); made) {
      failures_ = 0;
      serve();
    } else {
      ++failures_;
      listener_->disconnected(made.error().message());
      pause_after(made.error());
    }
  }
  farewell();
}

Result<void> Keeper::establish() {
  if (connection_ && failures_ % kFailuresPerClient == kFailuresPerClient - 1) {
    connection_.reset();
    fail_all("the connection to the broker was made anew");
  }
  if (!connection_) {
    auto made = Connection::create(settings_, *this);
    if (!made) return made.error();
    connection_ = std::move(*made);
  }
  mqtt::connect_options options;
  if (auto filled = fill_options(settings_, status_topic_, options); !filled) return filled;
  const auto session = connection_->connect(options);
  if (!session) return session.error();
  // Without a session the broker knows of no message of ours either: they are to be sent again.
  if (!*session) fail_all("the broker has forgotten this client");
  listener_->connected(*session);
  if (auto settled = settle_subscriptions(*session); !settled) {
    connection_->disconnect();
    return settled;
  }
  {
    const std::lock_guard lock(mutex_);
    open_ = true;
  }
  send({status_topic_, "online", 1, true, std::nullopt, [](const Result<void>&) {}});
  listener_->subscribed();
  return {};
}

// Brings the session to what is wanted: subscribes to what is new or was forgotten, and leaves what
// no rule names any more.
Result<void> Keeper::settle_subscriptions(bool session_present) {
  std::vector<Subscription> wanted;
  std::vector<std::string> unwanted;
  {
    const std::lock_guard lock(mutex_);
    wanted = wanted_;
    unwanted.swap(unwanted_);
    subscriptions_changed_ = false;
  }
  if (!session_present) acknowledged_.clear();
  for (const std::string& filter : unwanted) {
    if (!session_present || names(wanted, filter)) continue;
    if (auto left = connection_->unsubscribe(filter); !left) return left;
  }
  std::vector<Subscription> acknowledged;
  for (const Subscription& subscription : wanted) {
    if (!contains(acknowledged_, subscription)) {
      const auto done = connection_->subscribe(subscription);
      if (!done && done.error().kind() != ErrorKind::forbidden) return done;
      if (!done) {
        listener_->refused(subscription.filter, done.error().message());
        continue;
      }
    }
    acknowledged.push_back(subscription);
  }
  acknowledged_ = std::move(acknowledged);
  return {};
}

// Until the connection is lost or the bus stops: sends what is handed in.
void Keeper::serve() {
  std::unique_lock lock(mutex_);
  while (!stopping_ && !why_lost_) {
    if (subscriptions_changed_) {
      lock.unlock();
      const auto settled = settle_subscriptions(true);
      if (settled) listener_->subscribed();
      lock.lock();
      if (!settled && !why_lost_) why_lost_ = settled.error().message();
    } else if (!outgoing_.empty()) {
      Publishing next = std::move(outgoing_.front());
      outgoing_.pop_front();
      lock.unlock();
      send(std::move(next));
      lock.lock();
    } else {
      changed_.wait(lock);
    }
  }
  open_ = false;
  const bool stopping = stopping_;
  const std::string why = why_lost_.value_or("the agent stops");
  std::deque<Publishing> unsent;
  unsent.swap(outgoing_);
  lock.unlock();
  for (Publishing& one : unsent) one.done(Error(ErrorKind::unavailable, "no connection to the broker"));
  if (stopping) return;
  listener_->disconnected(why);
  pause_after(Error(ErrorKind::unavailable, why));
}

void Keeper::send(Publishing publishing) {
  std::uintptr_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    number = next_number_++;
    unanswered_.emplace(number, std::move(publishing.done));
  }
  auto sent = connection_->publish(publishing.topic, publishing.payload, publishing.qos, publishing.retain,
                                   publishing.expiry, number);
  if (!sent) published(number, std::move(sent));
}

void Keeper::fail_all(const std::string& why) {
  std::map<std::uintptr_t, Done> unanswered;
  {
    const std::lock_guard lock(mutex_);
    unanswered.swap(unanswered_);
  }
  for (auto& [number, done] : unanswered) done(Error(ErrorKind::timed_out, why));
}

void Keeper::pause_after(const Error& problem) {
  Millis longest = std::min(kLongestPause, kFirstPause * (1 << std::min(failures_, 6)));
  if (problem.kind() == ErrorKind::unauthenticated) longest = kLoginPause;
  // Half of it at random, so that a site full of agents does not come back in one instant.
  const Millis pause{
      std::uniform_int_distribution<Millis::rep>(longest.count() / 2, longest.count())(random_)};
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, pause, [this] { return stopping_; });
}

// A message that is being taken holds up Paho's thread, and so every call into Paho: the good-bye waits
// for it.
void Keeper::farewell() {
  fail_all("the agent stops");
  bool said_good_bye = false;
  if (connection_) {
    send({status_topic_, "offline", 1, true, std::nullopt, [this](const Result<void>&) {
            const std::lock_guard lock(mutex_);
            told_offline_ = true;
            changed_.notify_all();
          }});
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, kFarewellPatience, [this] { return told_offline_; });
    }
    said_good_bye = connection_->disconnect();
  }
  // What was disconnected brings nothing more, and neither does what is destroyed. The former is sooner:
  // Paho ends its threads with its last client, and takes up to a second for it.
  if (!said_good_bye) connection_.reset();
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }
  connection_.reset();
}

bool Keeper::stop() {
  const unsigned step = steps_;
  const auto ended = [this] { return ended_; };
  std::unique_lock lock(mutex_);
  stopping_ = true;
  changed_.notify_all();
  if (changed_.wait_for(lock, kTakingPatience, ended)) return true;
  if (busy() && steps_ == step) return false;  // the same message all the time: it waits for room
  return changed_.wait_for(lock, kStopPatience, ended);
}

}  // namespace sundial::adapters
