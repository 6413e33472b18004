// The life of a connection: hand-shake, requests and answers in turn, and an end that loses no answer.
#include "agent/adapters/http/connection.hpp"

#include <utility>

namespace sundial::http {

namespace {

constexpr Millis kRequestTime = std::chrono::seconds{10};
constexpr Millis kOutputTime = std::chrono::seconds{10};
constexpr Millis kLingerTime = std::chrono::seconds{2};
constexpr std::size_t kMaxPending = 16 * 1024;
constexpr std::size_t kMaxBatchedOutput = 64 * 1024;
constexpr std::size_t kMaxStreamBacklog = 256 * 1024;
constexpr int kReadsAtOnce = 4;  // then the others have their turn

// Answers by the connection while that lives, and 500 when it is dropped unanswered.
class Reply final : public HttpReply {
 public:
  Reply(std::weak_ptr<Connection> connection, ConnectionOwner& owner, AnswerForm form)
      : connection_(std::move(connection)), owner_(owner), form_(form) {}
  Reply(const Reply&) = delete;
  Reply& operator=(const Reply&) = delete;
  ~Reply() override {
    if (state_ == State::open) send(owner_.refusal(500, "the request was not answered"));
    if (state_ == State::streaming) end();
  }

  void send(HttpResponse response) override {
    if (std::exchange(state_, State::done) != State::open) return;
    if (const auto connection = connection_.lock()) connection->answer(response, form_);
  }

  void begin_stream(HttpResponse head) override {
    if (state_ != State::open) return;
    state_ = State::streaming;
    form_.close = form_.close || form_.http_1_0;
    if (const auto connection = connection_.lock()) connection->begin_stream(head, form_);
  }

  bool write(std::string_view chunk) override {
    const auto connection = connection_.lock();
    return state_ == State::streaming && connection && connection->write_stream(chunk, form_);
  }

  void end() override {
    if (std::exchange(state_, State::done) != State::streaming) return;
    if (const auto connection = connection_.lock()) connection->end_stream(form_);
  }

 private:
  enum class State { open, streaming, done };
  std::weak_ptr<Connection> connection_;
  ConnectionOwner& owner_;
  AnswerForm form_;
  State state_ = State::open;
};

}  // namespace

Connection::Connection(ConnectionOwner& owner, std::unique_ptr<Transport> transport, Peer peer)
    : owner_(owner), transport_(std::move(transport)), peer_(std::move(peer)), reader_(owner.body_limit()) {}

void Connection::start() {
  const auto alive = shared_from_this();
  shake_hands();
  if (!closed_) update();
}

void Connection::shake_hands() {
  const Transfer transfer = transport_->begin();
  switch (transfer.status) {
    case Transfer::Status::done:
      established_ = true;
      read_wants_write_ = false;
      set_deadline(Deadline::none);
      return;
    case Transfer::Status::wants_read:
    case Transfer::Status::wants_write:
      read_wants_write_ = transfer.status == Transfer::Status::wants_write;
      return set_deadline(Deadline::request);
    case Transfer::Status::ended:
    case Transfer::Status::failed:
      return close();
  }
}

void Connection::ready(EventLoop::Ready ready) {
  const auto alive = shared_from_this();
  if (ready.broken && !ready.readable) return close();
  if (!established_) shake_hands();
  if (!closed_ && established_ && has_output() && (ready.writable || ready.broken)) flush_or_close();
  if (!closed_ && established_ && (ready.readable || read_wants_write_)) read();
  if (!closed_) process_pending();
  if (!closed_) update();
}

void Connection::read() {
  if (lingering_) return drop_input();
  read_wants_write_ = false;
  for (int round = 0; round < kReadsAtOnce && !closed_ && wants_input(); ++round) {
    const std::span<char> scratch = owner_.scratch();
    const Transfer transfer = transport_->read(scratch);
    switch (transfer.status) {
      case Transfer::Status::done:
        break;
      case Transfer::Status::wants_read:
        return;
      case Transfer::Status::wants_write:
        read_wants_write_ = true;
        return;
      case Transfer::Status::failed:
        return close();
      case Transfer::Status::ended:
        // Half a close: who sent a whole request may still wait for its answer.
        input_ended_ = true;
        if (streaming_ || (!busy_ && !has_output())) close();
        return;
    }
    const std::string_view bytes(scratch.data(), transfer.bytes);
    if (busy_ || !pending_.empty()) {
      pending_ += bytes;
    } else {
      process(bytes);
    }
  }
}

// After a refusal: what is on its way is read and thrown away, or the answer would be lost to a reset.
void Connection::drop_input() {
  for (int round = 0; round < kReadsAtOnce; ++round) {
    const Transfer transfer = transport_->read(owner_.scratch());
    if (transfer.status == Transfer::Status::wants_read) return;
    if (transfer.status != Transfer::Status::done) return close();
  }
}

bool Connection::wants_input() const {
  if (!established_ || lingering_) return true;
  return !input_ended_ && !close_after_ && pending_.size() < kMaxPending &&
         output_.size() < kMaxBatchedOutput;
}

void Connection::process(std::string_view bytes) {
  processing_ = true;
  while (!bytes.empty() && !busy_ && !close_after_ && !closed_ && output_.size() < kMaxBatchedOutput) {
    bytes.remove_prefix(reader_.feed(bytes));
    switch (reader_.state()) {
      case RequestReader::State::complete:
        dispatch(reader_.take());
        break;
      case RequestReader::State::refused:
        refuse(reader_.refusal().status, reader_.refusal().reason);
        break;
      case RequestReader::State::reading:
        if (reader_.take_continue()) output_ += "HTTP/1.1 100 Continue\r\n\r\n";
        break;
    }
  }
  processing_ = false;
  if (closed_) return;
  if (!close_after_) pending_ += bytes;
  flush_or_close();
}

void Connection::process_pending() {
  while (!closed_ && !processing_ && !busy_ && !close_after_ && !has_output() && !pending_.empty()) {
    const std::string bytes = std::exchange(pending_, {});
    process(bytes);
  }
}

void Connection::dispatch(RequestHead head) {
  busy_ = true;
  owner_.became_busy(descriptor());
  const AnswerForm form{head.request.method == "HEAD", head.http_1_0, !head.keep_alive};
  head.request.peer = peer_.address;
  head.request.peer_is_loopback = peer_.loopback;
  head.request.local_address = peer_.local_address;
  owner_.handle(std::move(head.request), std::make_shared<Reply>(weak_from_this(), owner_, form));
}

void Connection::refuse(int status, const std::string& reason) {
  output_ += response_text(owner_.refusal(status, reason), {.close = true});
  close_after_ = true;
  lingering_ = true;
  pending_ = {};
}

void Connection::answer(const HttpResponse& response, const AnswerForm& form) {
  if (closed_) return;
  AnswerForm last = form;
  last.close = form.close || close_after_ || (input_ended_ && pending_.empty());
  close_after_ = last.close;
  output_ += response_text(response, last);
  finish_answer();
}

void Connection::begin_stream(const HttpResponse& head, const AnswerForm& form) {
  if (closed_) return;
  if (input_ended_) return close();
  streaming_ = true;
  close_after_ = close_after_ || form.close;
  output_ += stream_head_text(head, form);
  if (!processing_) flush();
  if (!processing_ && !closed_) update();
}

bool Connection::write_stream(std::string_view chunk, const AnswerForm& form) {
  const auto alive = shared_from_this();
  if (closed_) return false;
  if (!form.head_only) output_ += stream_chunk_text(chunk, form);
  if (output_.size() - written_ > kMaxStreamBacklog) close();
  if (!closed_ && !processing_) flush();
  if (!closed_ && !processing_) update();
  return !closed_;
}

void Connection::end_stream(const AnswerForm& form) {
  if (closed_) return;
  if (!form.head_only) output_ += stream_end_text(form);
  finish_answer();
}

void Connection::finish_answer() {
  const auto alive = shared_from_this();
  busy_ = false;
  streaming_ = false;
  owner_.became_idle(descriptor());
  if (processing_) return;
  flush_or_close();
  if (!closed_) process_pending();
  if (!closed_) update();
}

void Connection::close_soon() {
  const auto alive = shared_from_this();
  close_after_ = true;
  if (streaming_ || (!busy_ && !has_output())) close();
}

void Connection::flush() {
  while (has_output()) {
    const Transfer transfer = transport_->write(std::string_view(output_).substr(written_));
    if (transfer.status == Transfer::Status::failed || transfer.status == Transfer::Status::ended)
      return close();
    if (transfer.status != Transfer::Status::done) return;
    written_ += transfer.bytes;
    if (deadline_ == Deadline::output) set_deadline(Deadline::none);  // progress: the time begins anew
  }
  output_ = {};
  written_ = 0;
}

void Connection::flush_or_close() {
  flush();
  if (closed_ || has_output() || busy_ || processing_) return;
  if (close_after_ && lingering_) {
    transport_->finish_writing();
  } else if (close_after_ || (input_ended_ && pending_.empty())) {
    if (close_after_) transport_->finish_writing();
    close();
  }
}

void Connection::update() {
  if (has_output()) {
    set_deadline(Deadline::output);
  } else if (lingering_) {
    set_deadline(Deadline::linger);
  } else if (!established_ || (!busy_ && reader_.started())) {
    set_deadline(Deadline::request);
  } else {
    set_deadline(Deadline::none);
  }
  const bool reads = wants_input() && !input_ended_;
  const bool writes = has_output() || read_wants_write_;
  std::optional<EventLoop::Interest> wanted;
  if (reads) wanted = EventLoop::Interest::read;
  if (writes) wanted = reads ? EventLoop::Interest::read_write : EventLoop::Interest::write;
  if (wanted == watched_) return;
  watched_ = wanted;
  if (!wanted) return owner_.loop().unwatch(descriptor());
  owner_.loop().watch(descriptor(), *wanted, [this](EventLoop::Ready state) { ready(state); });
}

void Connection::set_deadline(Deadline deadline) {
  if (deadline == deadline_) return;
  if (deadline_ != Deadline::none) owner_.loop().cancel(timer_);
  deadline_ = deadline;
  if (deadline == Deadline::none) return;
  const Millis span = deadline == Deadline::request  ? kRequestTime
                      : deadline == Deadline::output ? kOutputTime
                                                     : kLingerTime;
  timer_ = owner_.loop().at(owner_.loop().now().elapsed + span, [this] { deadline_passed(); });
}

void Connection::deadline_passed() {
  const auto alive = shared_from_this();
  const Deadline passed = std::exchange(deadline_, Deadline::none);
  if (passed != Deadline::request || !established_) return close();
  refuse(408, "the request was not complete within 10 s");
  flush_or_close();
  if (!closed_) update();
}

void Connection::close() {
  if (std::exchange(closed_, true)) return;
  set_deadline(Deadline::none);
  owner_.loop().unwatch(descriptor());
  owner_.closed(descriptor());
}

}  // namespace sundial::http
