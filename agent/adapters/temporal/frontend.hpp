// The calls that delivery and the readers share: one exchange, its answer sorted.
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "agent/adapters/temporal/answers.hpp"
#include "agent/adapters/temporal/requests.hpp"
#include "agent/adapters/temporal/server_clock.hpp"
#include "agent/adapters/temporal/transport.hpp"

namespace sundial::temporal {

struct Exchange {
  Reply reply;
  Sorted sorted;

  bool ok() const { return sorted.finding == Finding::ok; }
  DeliveryAnswer usual() const { return usual_answer(sorted, reply); }
};

// One run of a workflow id.
struct Run {
  std::string run_id;
  std::string first_run_id;
  std::optional<Instant> start;
  std::optional<Instant> close;
  bool holds_request = false;  // describe says that it knows the request id that was asked for
};

// From any thread.
class Frontend {
 public:
  Frontend(Transport& transport, Sender sender) : transport_(transport), sender_(std::move(sender)) {}

  const Sender& sender() const { return sender_; }
  Exchange send(const Call& call);
  Exchange get(const std::string& path);  // below the namespace's path

  // The namespace: whether it is there, the server's time, how long it remembers.
  Exchange describe_namespace();
  std::optional<Instant> server_now();  // asks the server where nothing was heard from it yet
  std::optional<Millis> retention();    // nothing: not known, and the server does not say it now

  Exchange describe(const std::string& workflow_id, const std::string& run_id);
  static Run read_run(const Value& description, const std::string& request_id);

 private:
  Transport& transport_;
  Sender sender_;
  ServerClock clock_;
  std::atomic<bool> timeless_ = false;  // it answers, but without a date
  std::atomic<Millis::rep> retention_{-1};
};

}  // namespace sundial::temporal
