// Compared by all that a table can say; files by their names, since whoever uses them reads them anew.
#include "agent/runtime/settings_changes.hpp"

#include <tuple>

namespace sundial::runtime {
namespace {

auto all_of(const model::TlsSettings& tls) {
  return std::tie(tls.enabled, tls.ca, tls.cert, tls.key, tls.server_name, tls.verify_host);
}

bool same(const std::vector<model::EncryptionKey>& left, const std::vector<model::EncryptionKey>& right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](const auto& one, const auto& other) {
                      return std::tie(one.key_id, one.key_file) == std::tie(other.key_id, other.key_file);
                    });
}

auto all_of(const model::HttpSettings& http) {
  return std::tuple_cat(std::tie(http.listen, http.hosts, http.token_file, http.workflow, http.task_queue,
                                 http.message_signal, http.stop_signal),
                        all_of(http.tls));
}

auto all_of(const model::StoreSettings& store) {
  return std::tie(store.path, store.max_size, store.max_age, store.on_full, store.sync);
}

}  // namespace

bool same(const model::TemporalSettings& left, const model::TemporalSettings& right) {
  const auto all = [](const model::TemporalSettings& of) {
    return std::tie(of.addresses, of.name_space, of.task_queue, of.api_key_file, of.api_key,
                    of.max_connections, of.signals_per_second, of.ui);
  };
  return all(left) == all(right) && all_of(left.tls) == all_of(right.tls) &&
         same(left.encryption, right.encryption);
}

bool same(const model::MqttSettings& left, const model::MqttSettings& right) {
  const auto all = [](const model::MqttSettings& of) {
    return std::tie(of.url, of.client_id, of.username, of.password_file, of.password, of.version,
                    of.session_expiry, of.max_payload);
  };
  return all(left) == all(right) && all_of(left.tls) == all_of(right.tls);
}

std::vector<std::string> changed_tables(const model::Configuration& before,
                                        const model::Configuration& after) {
  std::vector<std::string> changed;
  const auto look = [&changed](const char* name, bool unchanged) {
    if (!unchanged) changed.emplace_back(name);
  };
  look("device", std::tie(before.device.name, before.device.time_zone, before.device.clock_wait) ==
                     std::tie(after.device.name, after.device.time_zone, after.device.clock_wait));
  look("temporal", same(before.temporal, after.temporal));
  look("mqtt", before.mqtt && after.mqtt ? same(*before.mqtt, *after.mqtt)
                                         : before.mqtt.has_value() == after.mqtt.has_value());
  look("http", all_of(before.http) == all_of(after.http));
  look("webhook", before.webhook_secret_files == after.webhook_secret_files);
  look("log", before.log.level == after.log.level && before.log.format == after.log.format);
  look("store", all_of(before.store) == all_of(after.store));
  return changed;
}

}  // namespace sundial::runtime
