// A connected socket, plain or under TLS, each of whose steps ends by a deadline.
#pragma once

#include <openssl/ssl.h>

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/adapters/temporal/resolver.hpp"
#include "platform/base/result.hpp"
#include "platform/linux/unique_fd.hpp"

namespace sundial::temporal {

using Deadline = std::chrono::steady_clock::time_point;

class Stream {
 public:
  enum class Status { done, ended, late, failed };
  struct Step {
    Status status = Status::done;
    std::size_t bytes = 0;
    std::string problem{};  // failed: what the other side said, where it said something
  };

  virtual ~Stream() = default;
  // All of it, or why not.
  virtual Step write(std::string_view bytes, Deadline deadline) = 0;
  // What has come, as soon as something has.
  virtual Step read(std::span<char> into, Deadline deadline) = 0;
  // Whether the other side has neither closed it nor said anything since its last answer.
  virtual bool is_quiet() = 0;
};

// The first of the addresses that answers. An error: nothing was sent.
Result<UniqueFd> connect_to(const std::vector<SocketAddress>& addresses, int port, Deadline deadline);
std::unique_ptr<Stream> plain_stream(UniqueFd socket);

struct FreeTlsContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using TlsContext = std::unique_ptr<SSL_CTX, FreeTlsContext>;

struct TlsNames {
  std::string ca;  // "": the system's
  std::string cert;
  std::string key;
  std::string name;  // by which the server is asked for, and which its certificate must have
  bool verify = true;
};
Result<TlsContext> tls_context(const TlsNames& names);
// With the handshake done. An error: nothing was sent.
Result<std::unique_ptr<Stream>> tls_stream(SSL_CTX& context, const TlsNames& names, UniqueFd socket,
                                           Deadline deadline);

// Whether the socket became ready before the deadline.
bool wait_for(int socket, short what, Deadline deadline);

}  // namespace sundial::temporal
