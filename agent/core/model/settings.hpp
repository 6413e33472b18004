// The settings of the agent itself, with the defaults of the reference.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/core/model/rule.hpp"
#include "agent/core/model/schedule.hpp"

namespace sundial::model {

struct DeviceSettings {
  std::string name;       // default: the host's name, filled in by the loader
  std::string time_zone;  // default: the system's, filled in by the loader
  Millis clock_wait = std::chrono::minutes{5};

  bool operator==(const DeviceSettings&) const = default;
};

struct TlsSettings {
  bool enabled = false;
  std::string ca, cert, key, server_name;  // files, but for the name
  bool verify_host = true;

  bool operator==(const TlsSettings&) const = default;
};

struct EncryptionKey {
  std::string key_id;
  std::string key_file;

  bool operator==(const EncryptionKey&) const = default;
};

struct TemporalSettings {
  std::vector<std::string> addresses{"http://localhost:7243"};
  std::string name_space = "default";
  std::string task_queue = "sundial";
  std::string api_key_file;
  std::string api_key;  // from TEMPORAL_API_KEY
  TlsSettings tls;
  std::vector<EncryptionKey> encryption;  // the first encrypts, all decrypt
  int max_connections = 4;
  double signals_per_second = 5;  // 0: no limit
  std::string ui;

  bool operator==(const TemporalSettings&) const = default;
};

struct MqttSettings {
  std::string url;
  std::string client_id;  // default: sundial-<device name>, filled in by the loader
  std::string username;
  std::string password_file;
  std::string password;  // from an address with a user
  TlsSettings tls;
  int version = 5;
  Millis session_expiry = std::chrono::hours{24 * 7};
  std::int64_t max_payload = 256 * 1024;

  bool operator==(const MqttSettings&) const = default;
};

struct HttpSettings {
  std::string listen = "127.0.0.1:8000";
  std::vector<std::string> hosts;
  std::string token_file;
  TlsSettings tls;
  std::string workflow = "CronWorkflow";
  std::string task_queue = "lab6-queue";
  std::string message_signal = "add_message";
  std::string stop_signal = "stop_processing";

  bool operator==(const HttpSettings&) const = default;
};

enum class LogLevel { debug, info, warning, error };
enum class LogFormat { automatic, text, json };
struct LogSettings {
  LogLevel level = LogLevel::info;
  LogFormat format = LogFormat::automatic;

  bool operator==(const LogSettings&) const = default;
};

enum class OnFull { block, drop_oldest, drop_newest, drop_lowest_priority };
struct StoreSettings {
  std::string path;  // filled in by the loader: §2's order of places
  std::int64_t max_size = 64 * 1024 * 1024;
  Millis max_age = std::chrono::hours{24 * 7};
  OnFull on_full = OnFull::block;
  std::optional<Millis> sync;  // not set: "always"

  bool operator==(const StoreSettings&) const = default;
};

// A schedule that was made over the API, with the JSON under which the store keeps it.
struct StoredSchedule {
  ScheduleDefinition definition;
  std::string json;
};

struct Configuration {
  DeviceSettings device;
  TemporalSettings temporal;
  std::optional<MqttSettings> mqtt;  // left out: no broker
  HttpSettings http;
  std::map<std::string, std::string> webhook_secret_files;  // by name
  LogSettings log;
  StoreSettings store;
  std::vector<RuleDefinition> rules;          // in the order of the files
  std::vector<ScheduleDefinition> schedules;  // in the order of the files
  // From the store's state (owner "schedule/<id>", key "definition"), not from a file.
  std::vector<StoredSchedule> stored_schedules;
};

}  // namespace sundial::model
