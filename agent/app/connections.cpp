// Tries what a configuration connects to: Temporal by its cheapest question, the broker by a login.
#include "agent/app/connections.hpp"

#include "agent/adapters/mqtt/trial.hpp"
#include "agent/adapters/temporal/service.hpp"

namespace sundial::app {
namespace {

std::string try_temporal(const model::Configuration& configuration) {
  model::TemporalSettings settings = configuration.temporal;
  settings.encryption.clear();  // nothing is sent that could be encrypted
  const auto service = temporal::make_service(settings, configuration.device.name, nullptr);
  if (!service) return service.error().message();
  const DeliveryAnswer answer = (*service)->probe();
  if (answer.outcome == DeliveryOutcome::done) return "";
  return answer.reason.empty() ? "no answer" : answer.reason;
}

}  // namespace

std::vector<cli::ConnectionTrial> try_connections(const model::Configuration& configuration) {
  std::vector<cli::ConnectionTrial> trials{{"temporal", try_temporal(configuration)}};
  if (configuration.mqtt) {
    const auto reached = adapters::try_broker(*configuration.mqtt);
    trials.push_back({"mqtt", reached ? "" : reached.error().message()});
  }
  return trials;
}

}  // namespace sundial::app
