// One exchange after the other over a connection of HTTP/1.1 that is kept: a request is one write, and
// from that on it may have arrived.
#include <array>
#include <memory>
#include <utility>

#include "agent/adapters/temporal/http_headers.hpp"
#include "agent/adapters/temporal/resolver.hpp"
#include "agent/adapters/temporal/response_reader.hpp"
#include "agent/adapters/temporal/stream.hpp"
#include "agent/adapters/temporal/transport.hpp"

namespace sundial::temporal {
namespace {

constexpr std::size_t kLongestAnswer = 32 * 1024 * 1024;  // a page of history; one payload may have 2 MB
constexpr Millis kLookupTimeout{5'000};
constexpr std::size_t kReadAtOnce = 16 * 1024;

class SocketConnection final : public Connection {
 public:
  SocketConnection(const Address& address, TlsNames names, TlsContext tls, Resolver& resolver)
      : resolver_(resolver), address_(address), names_(std::move(names)), tls_(std::move(tls)) {
    const int usual = address.tls ? 443 : 80;
    host_ = address.host.find(':') == std::string::npos ? address.host : "[" + address.host + "]";
    if (address.port != usual) host_ += ":" + std::to_string(address.port);
  }

  Reply send(const Call& call, const std::string& authorization) override {
    const Deadline deadline = Deadline::clock::now() + call.deadline;
    Reply reply;
    const bool reused = stream_ != nullptr && stream_->is_quiet();
    if (!reused) {
      stream_.reset();
      if (const auto opened = open(call.deadline, deadline); !opened) {
        reply.problem = opened.error().message();
        return reply;
      }
    }
    ResponseReader reader(kLongestAnswer);
    const Stream::Step last = exchange(request_text(call, authorization), reader, deadline);
    if (reader.state() == ResponseReader::State::complete) {
      take_answer(reader.take(), reply);
      return reply;
    }
    stream_.reset();
    reply.kind = Reply::Kind::unknown;
    reply.problem = problem_of(last, reader, reused, call.deadline);
    reply.kept = reused && !reader.begun() && last.status != Stream::Status::late;
    return reply;
  }

 private:
  Result<void> open(Millis patience, Deadline deadline) {
    const auto found = resolver_.look_up(address_.host, std::min(patience, kLookupTimeout));
    if (!found) return found.error();
    auto socket = connect_to(*found, address_.port, deadline);
    if (!socket) return socket.error();
    if (!tls_) {
      stream_ = plain_stream(std::move(*socket));
      return {};
    }
    auto secured = tls_stream(*tls_, names_, std::move(*socket), deadline);
    if (!secured) return secured.error();
    stream_ = std::move(*secured);
    return {};
  }

  Stream::Step exchange(const std::string& request, ResponseReader& reader, Deadline deadline) {
    // A server may answer, and close, before it has read all: its answer says why.
    Stream::Step step = stream_->write(request, deadline);
    if (step.status == Stream::Status::late) return step;
    std::array<char, kReadAtOnce> buffer;
    while (reader.state() == ResponseReader::State::reading) {
      Stream::Step heard = stream_->read(buffer, deadline);
      if (heard.status == Stream::Status::ended) reader.ended();
      if (heard.status != Stream::Status::done) return heard;
      reader.feed({buffer.data(), heard.bytes});
    }
    return step;
  }

  void take_answer(Response response, Reply& reply) {
    reply.kind = Reply::Kind::answered;
    reply.status = response.status;
    reply.date = parse_http_date(response.date);
    reply.retry_after = parse_retry_after(response.retry_after, reply.date);
    reply.body = std::move(response.body);
    if (!response.keep_alive) stream_.reset();
  }

  static std::string problem_of(const Stream::Step& last, const ResponseReader& reader, bool reused,
                                Millis deadline) {
    if (last.status == Stream::Status::late) return "gave no answer within " + format_duration(deadline);
    if (reader.state() == ResponseReader::State::too_long) return "its answer is longer than 32 MiB";
    if (!last.problem.empty()) return "the connection broke before the answer (" + last.problem + ")";
    const bool no_http = reader.response().status == 0;
    if (no_http && !reused) {
      return "gave no HTTP answer (is it Temporal's gRPC port? Its HTTP API has port 7243 by default)";
    }
    return "the connection broke before the answer";
  }

  std::string request_text(const Call& call, const std::string& authorization) const {
    std::string text;
    text.reserve(call.path.size() + call.body.size() + authorization.size() + host_.size() + 256);
    text.append(call.method)
        .append(" ")
        .append(address_.base)
        .append(call.path)
        .append(" HTTP/1.1\r\nHost: ");
    text.append(host_).append("\r\nUser-Agent: sundial\r\nAccept: */*\r\n");
    if (!authorization.empty()) text.append("Authorization: ").append(authorization).append("\r\n");
    if (call.server) {
      text.append("Grpc-Timeout: ").append(std::to_string(call.server->count())).append("m\r\n");
    }
    if (call.method == "POST") {
      text.append("Content-Type: application/json\r\nContent-Length: ");
      text.append(std::to_string(call.body.size())).append("\r\n");
    }
    return text.append("\r\n").append(call.body);
  }

  Resolver& resolver_;
  const Address address_;
  const TlsNames names_;
  const TlsContext tls_;  // none: in the clear
  std::string host_;
  std::unique_ptr<Stream> stream_;
};

}  // namespace

Result<std::unique_ptr<Connection>> open_connection(const Address& address, const model::TlsSettings& tls,
                                                    Resolver& resolver) {
  TlsNames names;
  TlsContext context;
  if (address.tls) {
    names = {tls.ca, tls.cert, tls.key, tls.server_name.empty() ? address.host : tls.server_name,
             tls.verify_host};
    auto made = tls_context(names);
    if (!made) return made.error();
    context = std::move(*made);
  }
  return std::unique_ptr<Connection>(
      std::make_unique<SocketConnection>(address, std::move(names), std::move(context), resolver));
}

}  // namespace sundial::temporal
