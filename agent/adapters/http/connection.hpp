// One connection: reads requests, hands them out in order, writes answers, and never waits.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "agent/adapters/http/listening.hpp"
#include "agent/adapters/http/request_reader.hpp"
#include "agent/adapters/http/response_text.hpp"
#include "agent/adapters/http/transport.hpp"
#include "platform/event_loop.hpp"

namespace sundial::http {

// What a connection needs from the door.
class ConnectionOwner {
 public:
  virtual ~ConnectionOwner() = default;
  virtual EventLoop& loop() = 0;
  virtual const BodyLimit& body_limit() const = 0;
  // Shared by all connections: what is read is parsed, or copied, before the next one reads.
  virtual std::span<char> scratch() = 0;
  virtual HttpResponse refusal(int status, const std::string& reason) const = 0;
  virtual void handle(HttpRequest request, std::shared_ptr<HttpReply> reply) = 0;
  // From now on it waits for an answer, and is not closed in favour of others.
  virtual void became_busy(int descriptor) = 0;
  virtual void became_idle(int descriptor) = 0;
  virtual void closed(int descriptor) = 0;
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(ConnectionOwner& owner, std::unique_ptr<Transport> transport, Peer peer);

  // Once it is owned by a shared_ptr.
  void start();
  void close();
  // Closes as soon as the present answer is out.
  void close_soon();
  const Peer& peer() const { return peer_; }
  int descriptor() const { return transport_->descriptor(); }

  // For the reply that was handed out with a request.
  void answer(const HttpResponse& response, const AnswerForm& form);
  void begin_stream(const HttpResponse& head, const AnswerForm& form);
  bool write_stream(std::string_view chunk, const AnswerForm& form);
  void end_stream(const AnswerForm& form);

 private:
  // What must happen before the deadline.
  enum class Deadline { none, request, output, linger };

  void ready(EventLoop::Ready ready);
  void shake_hands();
  void read();
  void drop_input();
  void process(std::string_view bytes);
  void process_pending();
  void dispatch(RequestHead head);
  void refuse(int status, const std::string& reason);
  void finish_answer();
  void flush();
  void flush_or_close();
  void update();
  void set_deadline(Deadline deadline);
  void deadline_passed();
  bool has_output() const { return written_ < output_.size(); }
  bool wants_input() const;

  ConnectionOwner& owner_;
  std::unique_ptr<Transport> transport_;
  Peer peer_;
  RequestReader reader_;
  std::string pending_;  // bytes behind a request that is being answered
  std::string output_;
  std::size_t written_ = 0;
  bool established_ = false;
  bool busy_ = false;  // a request is handed out
  bool streaming_ = false;
  bool processing_ = false;  // process() is on the stack
  bool close_after_ = false;
  bool input_ended_ = false;
  bool lingering_ = false;
  bool closed_ = false;
  bool read_wants_write_ = false;  // TLS
  Deadline deadline_ = Deadline::none;
  EventLoop::TimerId timer_{};
  std::optional<EventLoop::Interest> watched_;
};

}  // namespace sundial::http
