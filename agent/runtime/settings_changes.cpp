// Compared by all that a table can say; files by their names, since whoever uses them reads them anew.
#include "agent/runtime/settings_changes.hpp"

namespace sundial::runtime {

std::vector<std::string> changed_tables(const model::Configuration& before,
                                        const model::Configuration& after) {
  std::vector<std::string> changed;
  const auto look = [&changed](const char* name, bool unchanged) {
    if (!unchanged) changed.emplace_back(name);
  };
  look("device", before.device == after.device);
  look("temporal", before.temporal == after.temporal);
  look("mqtt", before.mqtt == after.mqtt);
  look("http", before.http == after.http);
  look("webhook", before.webhook_secret_files == after.webhook_secret_files);
  look("log", before.log == after.log);
  look("store", before.store == after.store);
  return changed;
}

}  // namespace sundial::runtime
