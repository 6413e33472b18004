// The connection over cpp-httplib: the only file of this room that includes it. The same code
// compiles with 0.11 and 0.18.
#include <httplib.h>
#include <netdb.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <memory>

#include "agent/adapters/temporal/http_headers.hpp"
#include "agent/adapters/temporal/resolver.hpp"
#include "agent/adapters/temporal/transport.hpp"

namespace sundial::temporal {
namespace {

constexpr std::size_t kLongestAnswer = 32 * 1024 * 1024;  // a page of history; one payload may have 2 MB
constexpr Millis kLookupTimeout{5'000};
constexpr auto kConnectTimeout = std::chrono::seconds(5);

bool nothing_was_sent(httplib::Error error) {
  return error == httplib::Error::Connection || error == httplib::Error::ConnectionTimeout ||
         error == httplib::Error::SSLConnection || error == httplib::Error::SSLLoadingCerts ||
         error == httplib::Error::SSLServerVerification || error == httplib::Error::BindIPAddress;
}

std::string describe(httplib::Error error, bool fresh) {
  if (error == httplib::Error::Connection) return "can't connect";
  if (error == httplib::Error::ConnectionTimeout) return "does not answer in time";
  if (error == httplib::Error::SSLConnection) return "the TLS handshake failed";
  if (error == httplib::Error::SSLLoadingCerts) return "the TLS files can't be loaded";
  if (error == httplib::Error::SSLServerVerification) return "its certificate can't be verified";
  if (error == httplib::Error::Read && fresh) {
    return "gave no HTTP answer (is it Temporal's gRPC port? Its HTTP API has port 7243 by default)";
  }
  return "the connection broke before the answer";
}

// The library takes a numeric address beside the name that certificates are checked against.
std::string numeric_address(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return "";
  std::array<char, NI_MAXHOST> text{};
  const int failed =
      getnameinfo(found->ai_addr, found->ai_addrlen, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST);
  freeaddrinfo(found);
  return failed == 0 ? text.data() : "";
}

std::unique_ptr<httplib::ClientImpl> make_client(const Address& address, const model::TlsSettings& tls) {
  if (!address.tls) return std::make_unique<httplib::ClientImpl>(address.host, address.port);
  const std::string& name = tls.server_name.empty() ? address.host : tls.server_name;
  auto client = std::make_unique<httplib::SSLClient>(name, address.port, tls.cert, tls.key);
  if (!tls.ca.empty()) client->set_ca_cert_path(tls.ca);
  client->enable_server_certificate_verification(tls.verify_host);
  if (name != address.host) client->set_hostname_addr_map({{name, numeric_address(address.host)}});
  return client;
}

class HttplibConnection : public Connection {
 public:
  HttplibConnection(const Address& address, const model::TlsSettings& tls, Resolver& resolver)
      : resolver_(resolver), name_(address.host), client_(make_client(address, tls)), base_(address.base) {
    const int usual = address.tls ? 443 : 80;
    host_ = address.host.find(':') == std::string::npos ? address.host : "[" + address.host + "]";
    if (address.port != usual) host_ += ":" + std::to_string(address.port);
    client_->set_keep_alive(true);
    client_->set_tcp_nodelay(true);
    client_->set_follow_location(false);  // a redirect turns POST into GET: see the table of answers
    client_->set_url_encode(false);       // segments come encoded
    client_->set_decompress(false);
    client_->set_connection_timeout(kConnectTimeout);
  }

  bool valid() const { return client_->is_valid(); }

  Reply send(const Call& call, const std::string& authorization) override {
    client_->set_read_timeout(call.deadline);
    client_->set_write_timeout(call.deadline);
    Reply reply;
    bool too_long = false;
    httplib::Request request = make_request(call, authorization);
    request.content_receiver = [&](const char* data, std::size_t length, std::uint64_t, std::uint64_t) {
      too_long = reply.body.size() + length > kLongestAnswer;
      if (!too_long) reply.body.append(data, length);
      return !too_long;
    };
    httplib::Response response;
    httplib::Error error = httplib::Error::Success;
    const bool fresh = client_->is_socket_open() == 0;
    stopped_ = false;
    // The library's own lookup can't be ended: it is only let near a name that is known to be found.
    const auto found =
        fresh ? resolver_.look_up(name_, std::min(call.deadline, kLookupTimeout)) : Result<void>();
    if (!found) {
      reply.problem = found.error().message();
      return reply;
    }
    const bool answered = client_->send(request, response, error);
    if (!answered || error != httplib::Error::Success) {
      reply.kind = nothing_was_sent(error) ? Reply::Kind::not_sent : Reply::Kind::unknown;
      reply.problem = too_long ? "its answer is longer than 32 MiB" : describe(error, fresh);
      if (stopped_) reply.problem = "gave no answer within " + format_duration(call.deadline);
      reply.kept = !fresh && !stopped_ && !too_long;
      reply.body.clear();
      return reply;
    }
    reply.kind = Reply::Kind::answered;
    reply.status = response.status;
    reply.date = parse_http_date(response.get_header_value("Date"));
    reply.retry_after = parse_retry_after(response.get_header_value("Retry-After"), reply.date);
    return reply;
  }

  void stop() override {
    stopped_ = true;
    client_->stop();
  }

 private:
  httplib::Request make_request(const Call& call, const std::string& authorization) const {
    httplib::Request request;
    request.method = call.method;
    request.path = base_ + call.path;
    request.body = call.body;
    request.headers.emplace("Host", host_);
    request.headers.emplace("User-Agent", "sundial");
    request.headers.emplace("Accept", "*/*");
    if (call.method == "POST") request.headers.emplace("Content-Type", "application/json");
    if (!authorization.empty()) request.headers.emplace("Authorization", authorization);
    if (call.server) request.headers.emplace("Grpc-Timeout", std::to_string(call.server->count()) + "m");
    return request;
  }

  Resolver& resolver_;
  std::string name_;
  std::unique_ptr<httplib::ClientImpl> client_;
  std::string base_;
  std::string host_;
  std::atomic<bool> stopped_ = false;  // the call that is running was ended by its deadline
};

}  // namespace

Result<std::unique_ptr<Connection>> open_connection(const Address& address, const model::TlsSettings& tls,
                                                    Resolver& resolver) {
  auto connection = std::make_unique<HttplibConnection>(address, tls, resolver);
  if (!connection->valid()) {
    return Error(ErrorKind::unavailable, "the TLS files can't be loaded (certificate, key or their match)");
  }
  return std::unique_ptr<Connection>(std::move(connection));
}

}  // namespace sundial::temporal
