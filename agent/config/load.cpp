// From files and environment to one configuration.
#include "agent/config/load.hpp"

#include <algorithm>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "agent/config/address.hpp"
#include "agent/config/definitions.hpp"
#include "agent/config/document.hpp"
#include "agent/config/sections.hpp"
#include "agent/config/temporal_environment.hpp"
#include "platform/crypto/key_file.hpp"

namespace sundial::config {
namespace {

using model::Configuration;
using model::Node;
using model::Position;
using model::Problem;

class Loader {
 public:
  explicit Loader(const Sources& sources) : sources_(sources), environment_(sources.environment) {}

  Loaded load() {
    read_env_files();
    Document document = read_document(sources_.files, sources_.config_file);
    loaded_.files = document.files;
    loaded_.notes = std::move(document.notes);
    append(document.problems);
    Substituted substituted;
    substitute(document.root, environment_, substituted, loaded_.problems);
    Reader reader(loaded_.problems, substituted);
    read_sections(reader, document.root);
    if (sources_.look_at_files) {
      look_at(reader.named_files());
      look_at_keys(document.root);
    }
    finish_device(document.root);
    finish_temporal(document.root);
    finish_mqtt(document.root);
    finish_rest();
    sort_problems(loaded_.problems, loaded_.files);
    return std::move(loaded_);
  }

 private:
  Configuration& made() { return loaded_.configuration; }

  void append(const std::vector<Problem>& problems) {
    loaded_.problems.insert(loaded_.problems.end(), problems.begin(), problems.end());
  }

  void read_env_files() {
    for (const std::string& path : sources_.env_files) {
      Document document;
      if (const auto text = read_text(sources_.files, path, document)) {
        read_env_file(*text, path, environment_, document.problems);
      }
      append(document.problems);
    }
  }

  template <typename S>
  void read_section(Reader& reader, const Node& root, const char* name, const Section<S>& section, S& into) {
    const Reader::Below below(reader, name);
    if (const Node* node = root.find(name)) read_table(reader, *node, section, into);
  }

  // Calls `read` for each id of a table such as [rule].
  template <typename Read>
  void read_ids(Reader& reader, const Node& root, const char* name, Read read) {
    const Node* node = root.find(name);
    if (node == nullptr) return;
    const Reader::Below below(reader, name);
    const model::Table* ids = reader.table(*node);
    if (ids == nullptr) return;
    for (const model::Entry& entry : *ids) {
      const Reader::Below in_id(reader, entry.key);
      Node table = entry.value;
      table.at = entry.key_at;
      read(entry.key, table);
    }
  }

  void read_sections(Reader& reader, const Node& root) {
    read_section(reader, root, "device", device_section(), made().device);
    read_section(reader, root, "temporal", temporal_section(), made().temporal);
    if (root.find("mqtt") != nullptr) {
      read_section(reader, root, "mqtt", mqtt_section(), made().mqtt.emplace());
    }
    read_section(reader, root, "http", http_section(), made().http);
    read_section(reader, root, "log", log_section(), made().log);
    read_section(reader, root, "store", store_section(), made().store);
    read_ids(reader, root, "webhook", [&](const std::string& id, const Node& table) {
      WebhookSettings webhook;
      read_table(reader, table, webhook_section(), webhook);
      made().webhook_secret_files[id] = webhook.secret_file;
    });
    read_ids(reader, root, "schedule", [&](const std::string& id, const Node& table) {
      made().schedules.push_back(read_schedule(reader, id, table));
    });
    read_ids(reader, root, "rule", [&](const std::string& id, const Node& table) {
      made().rules.push_back(read_rule(reader, id, table));
    });
  }

  void look_at(const std::vector<NamedFile>& named) {
    for (const NamedFile& file : named) {
      if (!sources_.files.exists(file.path)) {
        loaded_.problems.push_back({file.at, file.where, fmt::format("there is no {}", file.path)});
      } else if (file.secret && sources_.files.others_may_read(file.path)) {
        loaded_.problems.push_back(
            {file.at, file.where, fmt::format("others may read {0}; run chmod o-rwx {0}", file.path)});
      }
    }
  }

  // Told now and not when the bridge is made, and two keys of one name: what the second encrypted could
  // never be read.
  void look_at_keys(const Node& root) {
    constexpr std::size_t most = 4096;
    std::set<std::string> ids;
    const auto refuse = [&](std::string what) {
      loaded_.problems.push_back(
          {place(root, "temporal", "encryption"), "[temporal] encryption", std::move(what)});
    };
    for (const model::EncryptionKey& key : made().temporal.encryption) {
      if (!ids.insert(key.key_id).second) refuse(fmt::format("the key_id '{}' is given twice", key.key_id));
      if (!sources_.files.exists(key.key_file)) continue;
      const Result<std::string> content = sources_.files.read(key.key_file, most);
      const Result<std::string> parsed = content ? crypto::parse_key(*content) : content.error();
      if (!parsed) refuse(fmt::format("{} {}", key.key_file, parsed.error().message()));
    }
  }

  const std::string* variable(const char* name) const {
    const auto found = environment_.find(name);
    return found == environment_.end() || found->second.empty() ? nullptr : &found->second;
  }

  static Position place(const Node& root, const char* table, const char* key) {
    const Node* section = root.find(table);
    const Node* node = section == nullptr ? nullptr : section->find(key);
    if (node != nullptr) return node->at;
    return section == nullptr ? Position{} : section->at;
  }

  void finish_device(const Node& root) {
    if (made().device.name.empty()) made().device.name = sources_.host_name;
    if (made().device.time_zone.empty()) made().device.time_zone = sources_.system_time_zone;
    if (sources_.zones == nullptr) return;
    if (const auto zone = sources_.zones->find(made().device.time_zone); !zone) {
      loaded_.problems.push_back(
          {place(root, "device", "time_zone"), "[device] time_zone", zone.error().message()});
    }
  }

  void finish_temporal(const Node& root) {
    const Node* section = root.find("temporal");
    const bool written = section != nullptr && section->find("address") != nullptr;
    apply_temporal_environment(environment_, sources_.files, {written, place(root, "temporal", "address")},
                               made().temporal, loaded_.problems, loaded_.notes);
    check_pair(made().temporal.tls, root, "temporal");
  }

  void finish_mqtt(const Node& root) {
    if (const std::string* url = variable("MQTT_URL")) {
      if (!made().mqtt) made().mqtt.emplace();
      if (const auto set = set_broker(*url, *made().mqtt); !set) {
        loaded_.problems.push_back({{"MQTT_URL", 0, 0}, "[mqtt] url", set.error().message()});
      }
    }
    if (!made().mqtt) return;
    model::MqttSettings& mqtt = *made().mqtt;
    if (const Node* section = root.find("mqtt");
        section != nullptr && variable("MQTT_URL") == nullptr && section->find("url") == nullptr) {
      loaded_.problems.push_back({section->at, "[mqtt]", "'url' is missing"});
    }
    if (mqtt.client_id.empty()) mqtt.client_id = "sundial-" + made().device.name;
    if (mqtt.tls.enabled && mqtt.url.starts_with("mqtt://")) {
      loaded_.notes.push_back(
          fmt::format("[mqtt] tls is set, but {} is spoken to without it; write mqtts://", mqtt.url));
    }
    mqtt.tls.enabled = mqtt.url.starts_with("mqtts://");
    check_pair(mqtt.tls, root, "mqtt");
  }

  void check_pair(const model::TlsSettings& tls, const Node& root, const char* table) {
    if (tls.cert.empty() == tls.key.empty()) return;
    loaded_.problems.push_back({place(root, table, "tls"), fmt::format("[{}] tls", table),
                                tls.cert.empty() ? "a key without its certificate: 'cert' is missing"
                                                 : "a certificate without its key: 'key' is missing"});
  }

  void finish_rest() {
    const std::string* listen = sources_.listen.empty() ? variable("SUNDIAL_LISTEN") : &sources_.listen;
    if (listen != nullptr) {
      const char* from = sources_.listen.empty() ? "SUNDIAL_LISTEN" : "--listen";
      if (const auto valid = check_listen(*listen); !valid) {
        loaded_.problems.push_back({{from, 0, 0}, "[http] listen", valid.error().message()});
      }
      made().http.listen = *listen;
    }
    finish_state();
    if (sources_.verbose) made().log.level = model::LogLevel::debug;
    finish_log_format();
  }

  void finish_state() {
    std::string& path = made().store.path;
    if (!sources_.state.empty()) {
      path = sources_.state;
    } else if (const std::string* state = variable("SUNDIAL_STATE")) {
      path = *state;
    } else if (path.empty()) {
      // systemd separates several folders by colons; the unit's first is ours.
      const std::string* given = variable("STATE_DIRECTORY");
      path = given == nullptr ? "sundial-state" : given->substr(0, given->find(':'));
    }
  }

  void finish_log_format() {
    if (sources_.log_format.empty()) return;
    if (sources_.log_format == "auto") {
      made().log.format = model::LogFormat::automatic;
    } else if (sources_.log_format == "text") {
      made().log.format = model::LogFormat::text;
    } else if (sources_.log_format == "json") {
      made().log.format = model::LogFormat::json;
    } else {
      loaded_.problems.push_back({{"--log-format", 0, 0}, "[log] format", "expected auto, text or json"});
    }
  }

  const Sources& sources_;
  Environment environment_;
  Loaded loaded_;
};

}  // namespace

Loaded load(const Sources& sources) {
  return Loader(sources).load();
}

void sort_problems(std::vector<Problem>& problems, const std::vector<std::string>& files) {
  const auto rank = [&files](const Problem& problem) {
    const auto file = std::find(files.begin(), files.end(), problem.at.file.text());
    return std::tuple(file - files.begin(), problem.at.line, problem.at.column);
  };
  std::stable_sort(problems.begin(), problems.end(),
                   [&rank](const Problem& left, const Problem& right) { return rank(left) < rank(right); });
}

}  // namespace sundial::config
