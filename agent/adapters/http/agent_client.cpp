// cpp-httplib as a client of our own server.
#include "agent/adapters/http/agent_client.hpp"

#include <httplib.h>

#include <utility>

namespace sundial::http {

namespace {

constexpr time_t kConnectSeconds = 5;
// What is read is answered at once; what is handed in may wait ten seconds for Temporal's answer.
constexpr time_t kReadingSeconds = 10;
constexpr time_t kHandingInSeconds = 20;
constexpr time_t kSilentSeconds =
    75;  // of a stream: a comment comes now and then, also where nothing happens

std::string reason_of(httplib::Error error) {
  if (error == httplib::Error::Connection) return "nothing answers there; does it run?";
  if (error == httplib::Error::ConnectionTimeout) return "no connection in 5 s";
  if (error == httplib::Error::Read) return "it is there, but does not answer; is it stopped?";
  return httplib::to_string(error);
}

class HttpAgentClient final : public AgentClient {
 public:
  HttpAgentClient(std::unique_ptr<httplib::Client> client, std::string url)
      : client_(std::move(client)), url_(std::move(url)) {}

  Result<AgentReply> call(const std::string& method, const std::string& target,
                          const std::string& body) override {
    httplib::Request request;
    request.method = method;
    request.path = target;
    request.headers = {{"X-Sundial-Source", "cli"}};
    if (!body.empty()) {
      request.body = body;
      request.set_header("Content-Type", "application/json");
    }
    client_->set_read_timeout(method == "GET" ? kReadingSeconds : kHandingInSeconds);
    const httplib::Result result = client_->send(request);
    if (!result) return unreachable(result.error());
    return AgentReply{result->status, result->body};
  }

  Result<AgentReply> follow(const std::string& target,
                            const std::function<bool(std::string_view)>& heard) override {
    AgentReply reply;
    std::string buffer;
    bool wanted = true;
    client_->set_read_timeout(kSilentSeconds);
    const httplib::Result result = client_->Get(
        target, httplib::Headers{{"Accept", "text/event-stream"}},
        [&](const httplib::Response& response) {
          reply.status = response.status;
          return true;
        },
        [&](const char* data, std::size_t size) {
          if (reply.status != 200) return reply.body.append(data, size), true;
          buffer.append(data, size);
          return wanted = take_events(buffer, heard);
        });
    if (!result && wanted) return unreachable(result.error());
    return reply;
  }

 private:
  // Hands over the data lines of what is complete; false when no more is wanted.
  static bool take_events(std::string& buffer, const std::function<bool(std::string_view)>& heard) {
    std::size_t begin = 0;
    for (std::size_t end = buffer.find('\n'); end != std::string::npos; end = buffer.find('\n', begin)) {
      const std::string_view line(buffer.data() + begin, end - begin);
      begin = end + 1;
      if (line.starts_with("data: ") && !heard(line.substr(6))) return false;
    }
    buffer.erase(0, begin);
    return true;
  }

  Error unreachable(httplib::Error error) const {
    return {ErrorKind::unavailable, "the agent at " + url_ + " can't be reached: " + reason_of(error)};
  }

  std::unique_ptr<httplib::Client> client_;
  std::string url_;
};

}  // namespace

Result<std::unique_ptr<AgentClient>> make_agent_client(const AgentAddress& address) {
  const bool known = address.url.starts_with("http://") || address.url.starts_with("https://");
  std::unique_ptr<httplib::Client> client;
  try {
    if (known) client = std::make_unique<httplib::Client>(address.url);
  } catch (const std::exception&) {
    client.reset();  // the library throws on what it can't read
  }
  if (!client || !client->is_valid()) {
    return Error(ErrorKind::invalid,
                 "\"" + address.url + "\" is no address of an agent, such as http://127.0.0.1:8000");
  }
  client->set_connection_timeout(kConnectSeconds);
  client->set_keep_alive(true);
  client->set_follow_location(false);
  if (!address.ca.empty()) client->set_ca_cert_path(address.ca);
  if (!address.token.empty()) client->set_default_headers({{"Authorization", "Bearer " + address.token}});
  return std::unique_ptr<AgentClient>(std::make_unique<HttpAgentClient>(std::move(client), address.url));
}

}  // namespace sundial::http
