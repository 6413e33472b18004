// The connection summary.
#include "agent/config/summary.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "agent/config/files.hpp"
#include "agent/config/reader.hpp"
#include "platform/base/text.hpp"
#include "platform/json/json.hpp"

namespace sundial::config {
namespace {

List list_of(const std::vector<std::string>& texts) {
  List list;
  for (const std::string& text : texts) list.emplace_back(text);
  return list;
}

std::string authentication(const model::TemporalSettings& temporal, const Files& files) {
  std::vector<std::string> means;
  std::string key = temporal.api_key;
  if (!temporal.api_key_file.empty()) key = read_secret(files, temporal.api_key_file).value_or("");
  if (!key.empty()) means.push_back("API key " + masked(key));
  const bool held = temporal.tls.cert.starts_with(kHeldFolder);
  if (!temporal.tls.cert.empty()) {
    means.push_back(held ? "client certificate of the profile" : "client certificate " + temporal.tls.cert);
  }
  return means.empty() ? "none" : fmt::format("{}", fmt::join(means, ", "));
}

std::string broker_authentication(const model::MqttSettings& mqtt) {
  std::vector<std::string> means;
  if (!mqtt.username.empty()) means.push_back("user " + printable(mqtt.username));
  if (!mqtt.password.empty() || !mqtt.password_file.empty()) means.emplace_back("password");
  if (!mqtt.tls.cert.empty()) means.push_back("client certificate " + mqtt.tls.cert);
  return means.empty() ? "none" : fmt::format("{}", fmt::join(means, ", "));
}

std::string surface_authentication(const model::HttpSettings& http) {
  if (!http.token_file.empty()) return "tokens of " + http.token_file;
  const bool loopback = http.listen.starts_with("127.") || http.listen.starts_with("localhost:") ||
                        http.listen.starts_with("[::1]");
  return loopback ? "none" : "a token made at first start";
}

class Summary {
 public:
  std::vector<Fact> facts;

  void add(const char* table, const char* key, Value value) {
    facts.push_back({table, key, std::move(value)});
  }

  void add_tls(const char* table, const model::TlsSettings& tls) {
    if (tls.verify_host) return;
    facts.push_back({table, "tls", "the server's certificate is NOT verified (verify_host = false)", true});
  }

  void add_temporal(const model::TemporalSettings& temporal, const Files& files) {
    add("temporal", "address", list_of(temporal.addresses));
    add("temporal", "namespace", temporal.name_space);
    add("temporal", "task_queue", temporal.task_queue);
    add("temporal", "authentication", authentication(temporal, files));
    add_tls("temporal", temporal.tls);
    if (temporal.encryption.empty()) return;
    List keys;
    for (const model::EncryptionKey& key : temporal.encryption) keys.emplace_back(key.key_id);
    add("temporal", "encryption", std::move(keys));
  }

  void add_mqtt(const std::optional<model::MqttSettings>& mqtt) {
    if (!mqtt) {
      add("mqtt", "broker", "none");
      return;
    }
    add("mqtt", "broker", mqtt->url);
    add("mqtt", "client_id", mqtt->client_id);
    add("mqtt", "version", mqtt->version);
    add("mqtt", "authentication", broker_authentication(*mqtt));
    add_tls("mqtt", mqtt->tls);
  }
};

std::string text_of(const Value& value) {
  if (const std::string* text = value.text()) return printable(*text, 400);
  const List* list = value.get_if<List>();
  if (list == nullptr) return json::write(value);
  std::string joined;
  for (const Value& item : *list) joined += (joined.empty() ? "" : ", ") + text_of(item);
  return joined.empty() ? "none" : joined;
}

}  // namespace

std::string masked(const std::string& secret) {
  constexpr std::size_t shown = 8;
  constexpr std::size_t shortest = 12;  // of a shorter one, eight characters would be most of it
  return secret.size() < shortest ? "…" : printable(secret.substr(0, shown)) + "…";
}

std::vector<Fact> summary_of(const Loaded& loaded, const Files& files) {
  const model::Configuration& all = loaded.configuration;
  Summary summary;
  summary.add("configuration", "files", list_of(loaded.files));
  summary.add("device", "name", all.device.name);
  summary.add("device", "time_zone", all.device.time_zone);
  summary.add_temporal(all.temporal, files);
  summary.add_mqtt(all.mqtt);
  summary.add("http", "listen", all.http.listen.empty() ? "none" : all.http.listen);
  if (!all.http.listen.empty()) summary.add("http", "authentication", surface_authentication(all.http));
  summary.add("store", "path", all.store.path);
  summary.add("store", "max_size", format_size(all.store.max_size));
  summary.add("rules", "count", static_cast<std::int64_t>(all.rules.size()));
  summary.add("schedules", "count", static_cast<std::int64_t>(all.schedules.size()));
  return std::move(summary.facts);
}

std::string summary_text(const std::vector<Fact>& facts, bool colour) {
  std::size_t width = 0;
  for (const Fact& fact : facts) width = std::max(width, fact.table.size() + 1 + fact.key.size());
  std::string text;
  for (const Fact& fact : facts) {
    const std::string line =
        fmt::format("{:<{}}  {}", fact.table + " " + fact.key, width, text_of(fact.value));
    text += colour && fact.alarming ? "\033[1;31m" + line + "\033[0m\n" : line + "\n";
  }
  return text;
}

Value summary_value(const std::vector<Fact>& facts) {
  Map tables;
  for (const Fact& fact : facts) {
    if (tables.find(fact.table) == nullptr) tables.set(fact.table, Map());
    tables.find(fact.table)->get_if<Map>()->set(fact.key, fact.value);
  }
  return tables;
}

}  // namespace sundial::config
