// TLS towards those who call the agent: its certificate, and connections under it.
#pragma once

#include <memory>
#include <string>

#include "agent/adapters/http/transport.hpp"
#include "platform/base/result.hpp"

namespace sundial::http {

struct TlsFiles {
  std::string certificate;  // PEM, with its chain; empty: no TLS
  std::string key;
};

// Certificate and key as they are on disk. A renewed pair is taken up by the next connection; one
// that can't be read, or a key that does not fit yet, leaves the old pair in use.
class TlsIdentity {
 public:
  static Result<std::unique_ptr<TlsIdentity>> load(TlsFiles files);
  virtual ~TlsIdentity() = default;
  // Looks whether the files have changed; cheap enough for each new connection.
  virtual void refresh() = 0;
  virtual std::unique_ptr<Transport> accept(UniqueFd descriptor) = 0;
};

}  // namespace sundial::http
