// The bus against a real broker: what is acknowledged was taken, and sessions outlive everything.
#include "agent/adapters/mqtt/mqtt_bus.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <thread>

#include "tests/support/mosquitto.hpp"
#include "tests/support/until.hpp"

namespace sundial::adapters {
namespace {

// Spent only where something is broken.
constexpr std::chrono::seconds kPatience{60};

struct Seen {
  std::string topic, payload;
  int qos = 0;
  bool retained = false, duplicate = false;
  int packet_id = 0;
  std::vector<int> subscription_ids;
  model::MessageProperties properties;
};

class Recorder : public BusListener {
 public:
  bool arrived(const Arrival& arrival) override {
    std::unique_lock lock(mutex_);
    seen_.push_back({std::string(arrival.topic), std::string(arrival.payload), arrival.qos, arrival.retained,
                     arrival.duplicate, arrival.packet_id, arrival.subscription_ids, *arrival.properties});
    changed_.notify_all();
    changed_.wait(lock, [this] { return !held_; });
    return !full_;
  }
  void connected(bool session_present) override {
    note([&] { ++connections_, session_present_ = session_present; });
  }
  void subscribed() override {
    note([&] { ++subscribed_; });
  }
  void refused(const std::string& filter, const std::string&) override {
    note([&] { refused_.push_back(filter); });
  }
  void disconnected(const std::string& why) override {
    note([&] { ++disconnections_, why_ = why; });
  }

  template <typename Condition>
  ::testing::AssertionResult wait_for(Condition condition) {
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, kPatience, [&] { return condition(*this); })) {
      return ::testing::AssertionSuccess();
    }
    auto failure = ::testing::AssertionFailure() << "waited in vain; last problem: " << why_ << "; seen:";
    for (const Seen& one : seen_) failure << ' ' << one.payload << (one.duplicate ? " (again)" : "");
    return failure;
  }
  void fill(bool full) {
    note([&] { full_ = full; });
  }
  void hold(bool held) {
    note([&] { held_ = held; });
  }
  std::vector<Seen> seen() {
    return note([&] { return seen_; });
  }
  void forget() {
    note([&] { seen_.clear(); });
  }

  std::vector<Seen> seen_;
  std::vector<std::string> refused_;
  int connections_ = 0, subscribed_ = 0, disconnections_ = 0;
  bool session_present_ = false;
  std::string why_;

 private:
  template <typename Action>
  auto note(Action action) -> decltype(action()) {
    const std::lock_guard lock(mutex_);
    struct Notifier {
      std::condition_variable& changed;
      ~Notifier() { changed.notify_all(); }
    } notifier{changed_};
    return action();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = false;
  bool full_ = false;
};

struct Peer {
  Peer(const testing::Mosquitto& broker, const std::string& client, int version,
       std::vector<Subscription> filters) {
    model::MqttSettings settings;
    settings.url = broker.url();
    settings.client_id = client;
    settings.version = version;
    bus = make_mqtt_bus(settings, client);
    bus->start(recorder, std::move(filters), {});
  }
  ~Peer() { recorder.hold(false); }
  Result<void> publish(const std::string& topic, const std::string& payload, bool retain = false) {
    std::mutex mutex;
    std::condition_variable changed;
    std::optional<Result<void>> outcome;
    bus->publish(topic, payload, 1, retain, std::nullopt, [&](Result<void> result) {
      const std::lock_guard lock(mutex);
      outcome = std::move(result);
      changed.notify_all();
    });
    std::unique_lock lock(mutex);
    changed.wait_for(lock, kPatience, [&] { return outcome.has_value(); });
    return outcome ? *outcome : Result<void>(Error(ErrorKind::timed_out, "nothing came"));
  }
  bool ready() {
    return static_cast<bool>(recorder.wait_for([](const Recorder& now) { return now.subscribed_ > 0; }));
  }

  Recorder recorder;
  std::unique_ptr<MessageBus> bus;
};

// As the agent does: a broker that goes must not end the process.
const auto kSigpipeIgnored = std::signal(SIGPIPE, SIG_IGN);

class MqttBusTest : public ::testing::TestWithParam<int> {
 protected:
  testing::Mosquitto broker_;
};

TEST_P(MqttBusTest, BringsMessagesWithTheirMarks) {
  Peer agent(broker_, "agent", GetParam(), {{"sensors/+/t", 1, 7}});
  Peer sensor(broker_, "sensor", GetParam(), {});
  ASSERT_TRUE(agent.ready() && sensor.ready());
  ASSERT_TRUE(sensor.publish("sensors/a/t", "21.5"));
  ASSERT_TRUE(agent.recorder.wait_for([](const Recorder& now) { return now.seen_.size() == 1; }));
  const Seen seen = agent.recorder.seen().front();
  EXPECT_EQ(seen.topic, "sensors/a/t");
  EXPECT_EQ(seen.payload, "21.5");
  EXPECT_EQ(seen.qos, 1);
  EXPECT_FALSE(seen.retained);
  EXPECT_GT(seen.packet_id, 0);
  EXPECT_EQ(seen.subscription_ids, GetParam() == 5 ? std::vector<int>{7} : std::vector<int>{});
}

TEST_P(MqttBusTest, TellsItsStatusAndItsEnd) {
  Peer watcher(broker_, "watcher", GetParam(), {{"sundial/+/status", 1, 1}});
  ASSERT_TRUE(watcher.ready());
  auto agent = std::make_unique<Peer>(broker_, "agent", GetParam(), std::vector<Subscription>{});
  const auto said = [](const char* topic, const char* word) {
    return [=](const Recorder& now) {
      return !now.seen_.empty() && now.seen_.back().topic == topic && now.seen_.back().payload == word;
    };
  };
  EXPECT_TRUE(watcher.recorder.wait_for(said("sundial/agent/status", "online")));
  agent.reset();
  EXPECT_TRUE(watcher.recorder.wait_for(said("sundial/agent/status", "offline")));
}

TEST_P(MqttBusTest, KeepsItsSessionWhileAwayAndOverBrokerRestarts) {
  Peer sensor(broker_, "sensor", GetParam(), {});
  {
    Peer agent(broker_, "agent", GetParam(), {{"a/#", 1, 1}});
    ASSERT_TRUE(agent.ready() && sensor.ready());
  }
  ASSERT_TRUE(sensor.publish("a/1", "while away"));
  Peer agent(broker_, "agent", GetParam(), {{"a/#", 1, 1}});
  ASSERT_TRUE(agent.recorder.wait_for([](const Recorder& now) { return now.seen_.size() == 1; }));
  ASSERT_TRUE(agent.ready());  // a message may come before the connection is announced
  EXPECT_TRUE(agent.recorder.session_present_);

  broker_.stop(SIGTERM);
  ASSERT_TRUE(agent.recorder.wait_for([](const Recorder& now) { return now.disconnections_ > 0; }));
  EXPECT_FALSE(agent.publish("a/2", "no broker"));
  broker_.start();
  ASSERT_TRUE(agent.recorder.wait_for([](const Recorder& now) { return now.subscribed_ == 2; }));
  ASSERT_TRUE(sensor.recorder.wait_for([](const Recorder& now) { return now.subscribed_ == 2; }));
  ASSERT_TRUE(sensor.publish("a/3", "after"));
  // The broker may have gone before it had the acknowledgement of the first, and bring that again.
  EXPECT_TRUE(
      agent.recorder.wait_for([](const Recorder& now) { return now.seen_.back().payload == "after"; }));
}

TEST_P(MqttBusTest, SubscribesAgainWhenTheBrokerHasForgotten) {
  Peer agent(broker_, "agent", GetParam(), {{"a/#", 1, 1}});
  ASSERT_TRUE(agent.ready());
  broker_.stop(SIGKILL);  // mosquitto writes its sessions at a clean end only
  broker_.start();
  ASSERT_TRUE(agent.recorder.wait_for([](const Recorder& now) { return now.subscribed_ == 2; }));
  EXPECT_FALSE(agent.recorder.session_present_);
  Peer sensor(broker_, "sensor", GetParam(), {});
  ASSERT_TRUE(sensor.ready());
  ASSERT_TRUE(sensor.publish("a/1", "heard"));
  EXPECT_TRUE(agent.recorder.wait_for([](const Recorder& now) { return now.seen_.size() == 1; }));
}

TEST_P(MqttBusTest, ChangesItsSubscriptionsAndAsksForRetainedOnce) {
  Peer sensor(broker_, "sensor", GetParam(), {});
  ASSERT_TRUE(sensor.ready());
  ASSERT_TRUE(sensor.publish("b/kept", "r", true));
  Peer agent(broker_, "agent", GetParam(), {{"a/#", 1, 1}});
  ASSERT_TRUE(agent.ready());
  agent.bus->resubscribe({{"b/#", 1, 2}});
  ASSERT_TRUE(agent.recorder.wait_for([](const Recorder& now) { return now.subscribed_ == 2; }));
  ASSERT_TRUE(agent.recorder.wait_for([](const Recorder& now) { return now.seen_.size() == 1; }));
  EXPECT_TRUE(agent.recorder.seen().front().retained);
  ASSERT_TRUE(sensor.publish("a/1", "unheard"));
  ASSERT_TRUE(sensor.publish("b/1", "heard"));
  ASSERT_TRUE(agent.recorder.wait_for([](const Recorder& now) { return now.seen_.size() == 2; }));
  EXPECT_EQ(agent.recorder.seen().back().payload, "heard");
}

TEST_P(MqttBusTest, WhatWasNotTakenComesAgainMarkedAsDuplicate) {
  auto agent = std::make_unique<Peer>(broker_, "agent", GetParam(), std::vector<Subscription>{{"a/#", 1, 1}});
  ASSERT_TRUE(agent->ready());
  agent->recorder.hold(true);
  for (const char* text : {"1", "2", "3"}) ASSERT_TRUE(broker_.publish("a/x", text));
  ASSERT_TRUE(agent->recorder.wait_for([](const Recorder& now) { return now.seen_.size() == 1; }));
  const int first_id = agent->recorder.seen().front().packet_id;
  broker_.stop(SIGTERM);  // the acknowledgement of the first can't arrive any more
  agent->recorder.hold(false);
  ASSERT_TRUE(agent->recorder.wait_for([](const Recorder& now) { return now.disconnections_ > 0; }));
  broker_.start();
  ASSERT_TRUE(agent->recorder.wait_for([](const Recorder& now) {
    return !now.seen_.empty() && now.seen_.back().payload == "3" && now.seen_.back().duplicate;
  }));
  const std::vector<Seen> seen = agent->recorder.seen();
  const auto again =
      std::find_if(seen.begin() + 1, seen.end(), [](const Seen& one) { return one.payload == "1"; });
  ASSERT_NE(again, seen.end());
  EXPECT_TRUE(again->duplicate);
  EXPECT_EQ(again->packet_id, first_id);
}

// Once the stop has begun, the bus takes nothing to publish any more.
void wait_for_stop(MessageBus& bus) {
  const auto begun = std::make_shared<std::atomic<bool>>(false);  // the last answers may come later than that
  EXPECT_TRUE(testing_support::until([&] {
    bus.publish("a/filler", "", 0, false, std::nullopt, [begun](const Result<void>& outcome) {
      if (!outcome && outcome.error().kind() == ErrorKind::unavailable) *begun = true;
    });
    return begun->load();
  }));
}

TEST_P(MqttBusTest, SaysGoodByeAfterTheMessageThatItTakesWhenItStops) {
  Peer watcher(broker_, "watcher", GetParam(), {{"sundial/agent/status", 1, 1}});
  Peer agent(broker_, "agent", GetParam(), {{"a/#", 1, 1}});
  ASSERT_TRUE(agent.ready() && watcher.ready());
  agent.recorder.hold(true);
  ASSERT_TRUE(broker_.publish("a/x", "1"));
  ASSERT_TRUE(agent.recorder.wait_for([](const Recorder& now) { return now.seen_.size() == 1; }));
  std::thread stopper([&] { agent.bus->stop(); });
  wait_for_stop(*agent.bus);
  agent.recorder.hold(false);
  stopper.join();
  EXPECT_TRUE(watcher.recorder.wait_for(
      [](const Recorder& now) { return !now.seen_.empty() && now.seen_.back().payload == "offline"; }));
  agent.bus.reset();
  // What is left of it would be told of this.
  broker_.stop(SIGKILL);
  EXPECT_TRUE(watcher.recorder.wait_for([](const Recorder& now) { return now.disconnections_ > 0; }));
  EXPECT_EQ(agent.recorder.disconnections_, 0);
}

TEST_P(MqttBusTest, StopsAndLeavesTheConnectionToAMessageThatIsNotTaken) {
  auto agent = std::make_unique<Peer>(broker_, "agent", GetParam(), std::vector<Subscription>{{"a/#", 1, 1}});
  ASSERT_TRUE(agent->ready());
  agent->recorder.hold(true);
  ASSERT_TRUE(broker_.publish("a/x", "1"));
  ASSERT_TRUE(agent->recorder.wait_for([](const Recorder& now) { return now.seen_.size() == 1; }));
  agent->bus->stop();
  agent->bus.reset();
  agent->recorder.hold(false);
  // The good-bye comes late, and is the last that the listener is needed for.
  Peer watcher(broker_, "watcher", GetParam(), {{"sundial/agent/status", 1, 1}});
  EXPECT_TRUE(watcher.recorder.wait_for(
      [](const Recorder& now) { return !now.seen_.empty() && now.seen_.back().payload == "offline"; }));
}

TEST_P(MqttBusTest, WhatCanNotBeTakenStaysWithTheBrokerWhilePublishingGoesOn) {
  Peer sensor(broker_, "sensor", GetParam(), {});
  {
    Peer agent(broker_, "agent", GetParam(), {{"a/#", 1, 1}});
    ASSERT_TRUE(agent.ready() && sensor.ready());
  }
  for (const char* text : {"1", "2", "3"}) ASSERT_TRUE(sensor.publish("a/x", text));
  Peer agent(broker_, "agent", GetParam(), {{"a/#", 1, 1}});
  agent.recorder.fill(true);
  ASSERT_TRUE(agent.recorder.wait_for([](const Recorder& now) { return now.disconnections_ > 0; }));
  EXPECT_TRUE(testing_support::until([&] { return static_cast<bool>(agent.publish("b/x", "goes out")); }))
      << "nothing went out";
  EXPECT_FALSE(agent.recorder.seen().empty()) << "nothing was refused";

  agent.recorder.forget();
  agent.recorder.fill(false);
  agent.bus->take_again();
  ASSERT_TRUE(agent.recorder.wait_for([](const Recorder& now) { return now.seen_.size() == 3; }));
  const std::vector<Seen> seen = agent.recorder.seen();
  EXPECT_EQ(seen[0].payload + seen[1].payload + seen[2].payload, "123");
  EXPECT_TRUE(seen[0].duplicate) << "it had come before, and must not have been acknowledged";
}

TEST(MqttBusLogin, SaysThatTheLoginIsRefused) {
  testing::Mosquitto broker("allow_anonymous false\n");
  for (const int version : {3, 5}) {
    Peer agent(broker, "agent", version, {});
    ASSERT_TRUE(agent.recorder.wait_for([](const Recorder& now) { return now.disconnections_ > 0; }));
    EXPECT_EQ(agent.recorder.why_, "the broker refuses the login");
  }
}

TEST(MqttBusRefusal, AnAddressWithoutABrokerIsSaidAndTriedAgain) {
  model::MqttSettings settings;
  settings.url = "mqtt://127.0.0.1:1";
  settings.client_id = "agent";
  auto bus = make_mqtt_bus(settings, "agent");
  Recorder recorder;
  bus->start(recorder, {}, {});
  EXPECT_TRUE(recorder.wait_for([](const Recorder& now) { return now.disconnections_ >= 5; }));
}

INSTANTIATE_TEST_SUITE_P(Versions, MqttBusTest, ::testing::Values(3, 5),
                         [](const auto& version) { return "Mqtt" + std::to_string(version.param); });

}  // namespace
}  // namespace sundial::adapters
