// The broker as the agent speaks of it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/model/input.hpp"
#include "agent/core/model/settings.hpp"
#include "platform/base/result.hpp"

namespace sundial {

// So many QoS 1 messages the broker may have on the way to us without our acknowledgement: what a
// redelivery can be of is among the last so many that came.
inline constexpr int kMaxUnacknowledged = 1024;

// A message as it arrives, before it is accepted. The views live as long as the call.
struct Arrival {
  std::string_view topic;
  std::string_view payload;
  int qos = 0;
  bool retained = false;
  bool duplicate = false;
  int packet_id = 0;                  // 0 at QoS 0
  std::vector<int> subscription_ids;  // MQTT 5: which of our subscriptions it came by
  const model::MessageProperties* properties = nullptr;
};

struct Subscription {
  std::string filter;
  int qos = 1;
  int id = 0;  // MQTT 5's subscription identifier
};

// Called on the bus's own thread.
class BusListener {
 public:
  virtual ~BusListener() = default;
  // True: the message is safe, or nobody wants it, and it is acknowledged. False: it must not be. Then
  // the bus gives up its connection without an acknowledgement, and takes nothing in until `take_again`.
  virtual bool arrived(const Arrival& arrival) = 0;
  virtual void connected(bool session_present) = 0;
  virtual void subscribed() = 0;  // every subscription is acknowledged on this connection
  virtual void refused(const std::string& filter,
                       const std::string& why) = 0;  // a subscription; the others stand
  virtual void disconnected(const std::string& why) = 0;
};

// One who only listens, without a session: what a broker sends, and its absences. On any thread, one
// call at a time; false ends it.
class BrokerListener {
 public:
  virtual ~BrokerListener() = default;
  virtual bool heard(const Arrival& arrival) = 0;
  virtual bool away(bool away, const std::string& why) = 0;
};

class MessageBus {
 public:
  virtual ~MessageBus() = default;
  // `former`: filters that an earlier run may have left in the session and that are no longer wanted.
  virtual void start(BusListener& listener, std::vector<Subscription> subscriptions,
                     std::vector<std::string> former) = 0;
  // There is room again for what `arrived` had to leave to the broker. Nothing where it left nothing.
  virtual void take_again() = 0;
  virtual void resubscribe(std::vector<Subscription> subscriptions) = 0;
  // Leaves the broker in order and connects by these settings, as this device; the client id stays.
  virtual void reconnect(const model::MqttSettings& settings, const std::string& device) = 0;
  // Calls `done` when the broker has acknowledged it, or with why not; on any thread.
  virtual void publish(const std::string& topic, const std::string& payload, int qos, bool retain,
                       std::optional<Millis> expiry, std::function<void(Result<void>)> done) = 0;
  // Says good-bye and returns within a few seconds; then the listener is called no more. A call of
  // `arrived` that does not return holds up the good-bye, since closing the connection would acknowledge
  // what is not safe: then the listener has to live until the process ends, or the call has returned.
  virtual void stop() = 0;
};

}  // namespace sundial
