// One HTTP exchange with a frontend, as the rest of this room sees it: no sockets.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "agent/core/model/settings.hpp"
#include "platform/base/result.hpp"
#include "platform/base/time.hpp"

namespace sundial::temporal {

// Where a frontend listens. `base` is the path before /api/v1, without a slash at its end.
struct Address {
  bool tls = false;
  std::string host;
  int port = 0;
  std::string base;
  std::string text;  // as it is shown
};

// "http://host:7243", "https://host/base"; a bare "host:port" is gRPC's and no address here.
Result<Address> parse_address(std::string_view url);

struct Call {
  std::string method;
  std::string path;  // after the base, every segment percent-encoded
  std::string body;
  Millis deadline{10'000};       // of the whole exchange, connecting included
  std::optional<Millis> server;  // what the server is told to take at most: long polls
};

struct Reply {
  enum class Kind {
    answered,
    not_sent,  // no connection: certainly nothing has arrived
    unknown,   // it may have arrived
  };
  Kind kind = Kind::not_sent;
  int status = 0;
  std::string body;
  std::optional<Millis> retry_after;
  std::optional<Instant> date;  // the server's clock
  std::string problem;          // not answered: why, one line
  bool kept = false;            // unknown: the connection had been used before, and broke before a word came
};

class Transport {
 public:
  virtual ~Transport() = default;
  // From any thread.
  virtual Reply send(const Call& call) = 0;
};

// A connection to one address, kept alive between calls; one call at a time.
class Connection {
 public:
  virtual ~Connection() = default;
  virtual Reply send(const Call& call, const std::string& authorization) = 0;
};

class Resolver;
Result<std::unique_ptr<Connection>> open_connection(const Address& address, const model::TlsSettings& tls,
                                                    Resolver& resolver);

}  // namespace sundial::temporal
