// Shows every exchange to who asked for --verbose. The API key is no part of a call, and never shown.
#pragma once

#include <functional>
#include <string>

#include "agent/adapters/temporal/transport.hpp"

namespace sundial::temporal {

using Show = std::function<void(const std::string& line)>;

class ShownTransport : public Transport {
 public:
  ShownTransport(Transport& inner, Show show, bool authorized)
      : inner_(inner), show_(std::move(show)), authorized_(authorized) {}

  Reply send(const Call& call) override;

 private:
  Transport& inner_;
  Show show_;
  bool authorized_;
};

}  // namespace sundial::temporal
