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

void Keeper::reconnect(model::MqttSettings settings, std::string status_topic) {
  const std::lock_guard lock(mutex_);
  next_settings_.emplace(std::move(settings), std::move(status_topic));
  if (!why_lost_) why_lost_ = "the settings of the broker were changed";
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

bool Keeper::arrived(const Arrival& arrival) {
  std::uint64_t before = 0;
  {
    const std::lock_guard lock(mutex_);
    before = told_to_take_;
  }
  ++steps_;
  const bool taken = listener_->arrived(arrival);
  ++steps_;
  if (taken) return true;
  const std::lock_guard lock(mutex_);
  resting_ = told_to_take_ == before;  // else there is room again already: what came comes once more
  return false;
}

void Keeper::take_again() {
  const std::lock_guard lock(mutex_);
  ++told_to_take_;
  resting_ = false;
  changed_.notify_all();
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
    bool resting = false;
    if (change_settings()) continue;
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) break;
      if (next_settings_) continue;  // they came since: what was lost is the former broker
      resting = resting_;
      why_lost_.reset();
    }
    if (resting) {
      rest();
      continue;
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

// The client is made anew: whether another broker has a session for it, that broker says.
bool Keeper::change_settings() {
  {
    const std::lock_guard lock(mutex_);
    if (!next_settings_ || stopping_) return false;
  }
  say_good_bye();
  connection_.reset();
  fail_all("the settings of the broker were changed");
  acknowledged_.clear();
  failures_ = 0;
  const std::lock_guard lock(mutex_);
  std::tie(settings_, status_topic_) = *std::exchange(next_settings_, std::nullopt);
  told_offline_ = false;
  return true;
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
  send(*connection_, {status_topic_, "online", 1, true, std::nullopt, [](const Result<void>&) {}});
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
      send(*connection_, std::move(next));
      lock.lock();
    } else {
      changed_.wait(lock);
    }
  }
  open_ = false;
  const bool stopping = stopping_;
  std::string why = why_lost_.value_or("the agent stops");
  if (resting_) why = "nothing more can be taken in; the broker keeps it";
  std::deque<Publishing> unsent;
  unsent.swap(outgoing_);
  lock.unlock();
  for (Publishing& one : unsent) one.done(Error(ErrorKind::unavailable, "no connection to the broker"));
  if (stopping) return;
  listener_->disconnected(why);
  pause_after(Error(ErrorKind::unavailable, why));
}

// The connection by which is published while nothing can be taken in: on the other one the broker would
// answer behind the messages that wait there. It has no subscriptions and leaves no session.
class Keeper::Outlet final : public ConnectionListener {
 public:
  explicit Outlet(Keeper& keeper) : keeper_(keeper) {}

  bool arrived(const Arrival&) override { return true; }
  void lost(std::string) override {
    const std::lock_guard lock(keeper_.mutex_);
    lost_ = true;
    keeper_.changed_.notify_all();
  }
  void published(std::uintptr_t number, Result<void> outcome) override {
    keeper_.published(number, std::move(outcome));
  }
  bool give_up() const override {
    const std::lock_guard lock(keeper_.mutex_);
    return !open();
  }
  bool busy() const override { return false; }
  // With the keeper's lock held.
  bool open() const { return !lost_ && keeper_.resting_ && !keeper_.stopping_ && !keeper_.next_settings_; }

 private:
  Keeper& keeper_;
  bool lost_ = false;
};

// Nothing is taken in, and so the session is left alone; what is published still goes.
void Keeper::rest() {
  fail_all("nothing more can be taken in");
  model::MqttSettings settings = settings_;
  settings.client_id += "-out";
  settings.session_expiry = Millis{0};
  Outlet outlet(*this);
  auto connection = Connection::create(settings, outlet);
  mqtt::connect_options options;
  bool open = connection && fill_options(settings, status_topic_, options);
  if (open) {
    options.set_will(mqtt::will_options(status_topic_, "offline", 7, 0, false));  // as it is said already
    if (settings.version == 5) {
      options.set_clean_start(true);
    } else {
      options.set_clean_session(true);
    }
    open = static_cast<bool>((*connection)->connect(options));
  }
  if (open) serve_resting(outlet, **connection);
  if (open) (*connection)->disconnect();
  fail_all("the connection to the broker was made anew");
  const bool wanted = [this] {
    const std::lock_guard lock(mutex_);
    return resting_ && !stopping_ && !next_settings_;
  }();
  if (wanted) pause_after(Error(ErrorKind::unavailable, "no connection to the broker"));
}

void Keeper::serve_resting(const Outlet& outlet, Connection& connection) {
  std::unique_lock lock(mutex_);
  open_ = true;
  while (outlet.open()) {
    if (outgoing_.empty()) {
      changed_.wait(lock);
      continue;
    }
    Publishing next = std::move(outgoing_.front());
    outgoing_.pop_front();
    lock.unlock();
    send(connection, std::move(next));
    lock.lock();
  }
  open_ = false;
  std::deque<Publishing> unsent;
  unsent.swap(outgoing_);
  lock.unlock();
  for (Publishing& one : unsent) one.done(Error(ErrorKind::unavailable, "no connection to the broker"));
}

void Keeper::send(Connection& connection, Publishing publishing) {
  std::uintptr_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    number = next_number_++;
    unanswered_.emplace(number, std::move(publishing.done));
  }
  auto sent = connection.publish(publishing.topic, publishing.payload, publishing.qos, publishing.retain,
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
  changed_.wait_for(lock, pause, [this] { return stopping_ || next_settings_.has_value(); });
}

// A message that is being taken holds up Paho's thread, and so every call into Paho: the good-bye waits
// for it.
bool Keeper::say_good_bye() {
  if (!connection_) return false;
  send(*connection_, {status_topic_, "offline", 1, true, std::nullopt, [this](const Result<void>&) {
                        const std::lock_guard lock(mutex_);
                        told_offline_ = true;
                        changed_.notify_all();
                      }});
  {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kFarewellPatience, [this] { return told_offline_; });
  }
  return connection_->disconnect();
}

void Keeper::farewell() {
  fail_all("the agent stops");
  const bool said_good_bye = say_good_bye();
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
