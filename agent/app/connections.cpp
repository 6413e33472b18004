// Tries what a configuration connects to: Temporal by its cheapest question, the broker by a login.
#include "agent/app/connections.hpp"

#include "agent/adapters/mqtt/trial.hpp"
#include "agent/adapters/temporal/trial.hpp"

namespace sundial::app {

std::vector<cli::ConnectionTrial> try_connections(const model::Configuration& configuration) {
  const temporal::Trial frontend = temporal::try_frontend(configuration.temporal, configuration.device.name);
  std::vector<cli::ConnectionTrial> trials{{"temporal", frontend.problem, frontend.clock_lead}};
  if (configuration.mqtt) {
    const auto reached = adapters::try_broker(*configuration.mqtt);
    trials.push_back({"mqtt", reached ? "" : reached.error().message(), {}});
  }
  return trials;
}

}  // namespace sundial::app
