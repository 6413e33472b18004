// Connections to the configured addresses: tried in order, kept alive, opened anew when the files of
// TLS or the key have changed.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "agent/adapters/temporal/breakers.hpp"
#include "agent/adapters/temporal/resolver.hpp"
#include "agent/adapters/temporal/transport.hpp"

namespace sundial::temporal {

class Pool : public Transport {
 public:
  // An error names the address or the file that is wrong.
  static Result<std::unique_ptr<Pool>> create(const model::TemporalSettings& settings);

  Reply send(const Call& call) override;

 private:
  using Clock = std::chrono::steady_clock;
  struct Kept {
    std::unique_ptr<Connection> connection;
    Clock::time_point since;
  };
  struct Endpoint {
    Address address;
    std::vector<Kept> idle;
  };

  Pool(model::TemporalSettings settings, std::vector<Endpoint> endpoints);
  Reply try_address(std::size_t index, const Call& call, const std::string& authorization);
  Reply send_to(std::size_t index, const Call& call, const std::string& authorization);
  Result<std::unique_ptr<Connection>> take(std::size_t index);
  void give_back(std::size_t index, std::unique_ptr<Connection> connection);
  void forget_idle(std::size_t index);
  std::string authorization();
  void look_at_files();

  const model::TemporalSettings settings_;
  Resolver resolver_;
  std::mutex mutex_;
  std::vector<Endpoint> endpoints_;
  Breakers breakers_;
  std::string stamp_;  // of the files, when they were last looked at
  Clock::time_point looked_{};
  std::string authorization_;
};

}  // namespace sundial::temporal
