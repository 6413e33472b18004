// Streams of recorded lines, and the call that begins one.
#include "agent/api/recordings.hpp"

#include <utility>

#include "agent/api/calls.hpp"
#include "agent/core/decode/recorded_line.hpp"

namespace sundial::api {
namespace {

// Also how soon a reader that vanished is noticed.
constexpr Millis kHeartbeat = std::chrono::seconds{5};

std::string line_of(const model::Input& input, Instant at) {
  decode::RecordedLine line{at, model::Absence{}};
  if (const auto* message = std::get_if<model::Message>(&input)) line.input = *message;
  if (const auto* absence = std::get_if<model::Absence>(&input)) line.input = *absence;
  return decode::write_recorded_line(line);
}

}  // namespace

Recordings::Recordings(EventLoop& loop, AgentControl& agent) : loop_(loop), agent_(agent) {}

Recordings::~Recordings() {
  if (heartbeat_) loop_.cancel(*heartbeat_);
}

Result<void> Recordings::begin(const std::vector<std::string>& filters,
                               const std::function<std::shared_ptr<HttpReply>()>& begin) {
  end_gone();
  Recording& made = recordings_.emplace_back();
  const Result<std::uint64_t> number =
      agent_.begin_recording(filters, [&made](const model::Input& input, Instant at) {
        if (made.stream && !made.stream->write("data: " + line_of(input, at) + "\n\n")) made.stream.reset();
      });
  if (!number) {
    recordings_.pop_back();
    return number.error();
  }
  made.number = *number;
  made.stream = begin();
  // At once something to read, so that the other side knows that it has begun.
  if (!made.stream->write(": recording\n\n")) made.stream.reset();
  if (!heartbeat_) heartbeat_ = loop_.at(loop_.now().elapsed + kHeartbeat, [this] { say_alive(); });
  return {};
}

void Recordings::say_alive() {
  heartbeat_.reset();
  for (Recording& recording : recordings_) {
    if (recording.stream && !recording.stream->write(": alive\n\n")) recording.stream.reset();
  }
  end_gone();
  if (!recordings_.empty()) heartbeat_ = loop_.at(loop_.now().elapsed + kHeartbeat, [this] { say_alive(); });
}

void Recordings::end_gone() {
  for (auto at = recordings_.begin(); at != recordings_.end();) {
    if (at->stream) {
      ++at;
      continue;
    }
    agent_.end_recording(at->number);
    at = recordings_.erase(at);
  }
}

namespace {

void record(Desk& desk, const ExchangePtr& exchange) {
  const Result<Parameters> query = parse_query(exchange->request().query);
  if (!query) return exchange->fail(query.error());
  std::vector<std::string> filters;
  for (const auto& [name, value] : *query) {
    if (name == "topic") filters.push_back(value);
  }
  const Result<void> begun =
      desk.recordings.begin(filters, [&] { return exchange->begin_stream("text/event-stream"); });
  if (!begun) exchange->fail(begun.error());
}

}  // namespace

Routes record_routes() {
  return {{"GET",
           "/api/v1/record",
           Scope::read,
           record,
           {"What the rules hear from now on, live (text/event-stream): a line of a recording an event",
            {200, 400, 503},
            {{"topic", "an MQTT filter; may be given several times, left out: everything"}},
            {},
            "text/event-stream"}}};
}

}  // namespace sundial::api
