// The HTTP server as routes see it: whole requests in, answers out when they are ready.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/base/result.hpp"

namespace sundial {

struct HttpRequest {
  std::string method;
  std::string path;                                          // still percent-encoded, without the query
  std::string query;                                         // still percent-encoded
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;
  std::string peer;  // address, without the port
  bool peer_is_loopback = false;
  std::string local_address;  // the one it came in by, without the port

  // The first header of this name.
  const std::string* header(std::string_view lower_case_name) const {
    for (const auto& [name, value] : headers) {
      if (name == lower_case_name) return &value;
    }
    return nullptr;
  }
};

struct HttpResponse {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

// Answers one request, once, from the loop's thread. Dropping it unanswered answers 500.
class HttpReply {
 public:
  virtual ~HttpReply() = default;
  virtual void send(HttpResponse response) = 0;
  // Begins a stream (server-sent events); `write` returns false when the reader is gone or too slow.
  virtual void begin_stream(HttpResponse head) = 0;
  virtual bool write(std::string_view chunk) = 0;
  virtual void end() = 0;
};

using HttpHandler = std::function<void(HttpRequest, std::shared_ptr<HttpReply>)>;

class HttpServer {
 public:
  virtual ~HttpServer() = default;
  // Runs on the event loop; the handler is called on the loop's thread.
  virtual Result<void> listen(const std::string& address, HttpHandler handler) = 0;
  virtual std::string local_address() const = 0;
  virtual void stop() = 0;
};

}  // namespace sundial
