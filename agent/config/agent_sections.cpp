// The tables that describe the agent itself: [device] to [store].
#include <limits>

#include "agent/config/address.hpp"
#include "agent/config/sections.hpp"

namespace sundial::config {
namespace {

using model::DeviceSettings;
using model::EncryptionKey;
using model::HttpSettings;
using model::LogSettings;
using model::MqttSettings;
using model::StoreSettings;
using model::TemporalSettings;
using model::TlsSettings;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::int64_t kKiB = 1024;
constexpr std::int64_t kMiB = 1024 * kKiB;
constexpr std::int64_t kGiB = 1024 * kMiB;

// A client's TLS: to the broker and to Temporal.
const Section<TlsSettings>& client_tls_section() {
  static const Section<TlsSettings> section{{
      file<&TlsSettings::ca>("ca", "PEM file of the authorities to trust; left out, the system's.",
                             Shape::file),
      file<&TlsSettings::cert>("cert", "PEM file of the client's certificate, for mutual TLS.", Shape::file),
      file<&TlsSettings::key>("key", "PEM file of the certificate's private key.", Shape::file),
      text<&TlsSettings::server_name>("server_name",
                                      "The name to ask for and to verify, where it is not the host's."),
      boolean<&TlsSettings::verify_host>(
          "verify_host", "Whether the server's certificate is verified; false is shown red everywhere."),
  }};
  return section;
}

const Section<TlsSettings>& server_tls_section() {
  static const Section<TlsSettings> section{{
      file<&TlsSettings::cert>("cert", "PEM file of the server's certificate and its chain.", Shape::file)
          .required(),
      file<&TlsSettings::key>("key", "PEM file of the certificate's private key.", Shape::file).required(),
  }};
  return section;
}

const Section<EncryptionKey>& encryption_section() {
  static const Section<EncryptionKey> section{{
      text<&EncryptionKey::key_id>("key_id", "The name under which payloads say which key encrypted them.")
          .required(),
      file<&EncryptionKey::key_file>("key_file",
                                     "The 32-byte key: raw, or its 64 hexadecimal or 44 base64 characters.",
                                     Shape::secret_file)
          .required(),
  }};
  return section;
}

template <auto M>
Key<StructOf<M>> tls(std::string doc, const Section<TlsSettings>& section) {
  using S = StructOf<M>;
  Key<S> row = table<M>("tls", std::move(doc), section);
  row.read = [&section](Reader& reader, const model::Node& node, S& into) {
    TlsSettings value;
    read_table(reader, node, section, value);
    value.enabled = true;
    into.*M = std::move(value);
  };
  return row;
}

void read_addresses(Reader& reader, const model::Node& node, TemporalSettings& into) {
  into.addresses.clear();
  for (const model::Node* item : reader.one_or_many(node)) {
    if (auto text = reader.text(*item)) into.addresses.push_back(std::move(*text));
  }
  if (const auto* items = std::get_if<model::Array>(&node.data); items != nullptr && items->empty()) {
    reader.problem(node.at, "expected at least one address");
  }
}

void read_broker_url(Reader& reader, const model::Node& node, MqttSettings& into) {
  const auto text = reader.text(node);
  if (!text) return;
  if (Result<void> set = set_broker(*text, into); !set) reader.problem(node.at, set.error().message());
}

void read_listen(Reader& reader, const model::Node& node, HttpSettings& into) {
  const auto text = reader.text(node);
  if (!text) return;
  const Result<void> valid = check_listen(*text);
  if (valid) {
    into.listen = *text;
  } else {
    reader.problem(node.at, valid.error().message());
  }
}

void read_version(Reader& reader, const model::Node& node, MqttSettings& into) {
  const auto version = reader.integer(node, 3, 5);
  if (!version) return;
  if (*version == 4) {
    reader.problem(node.at, "4 is MQTT 3.1.1's number on the wire; write 3 for it, or 5");
    return;
  }
  into.version = static_cast<int>(*version);
}

void read_sync(Reader& reader, const model::Node& node, StoreSettings& into) {
  const auto* text = std::get_if<std::string>(&node.data);
  if (text != nullptr && *text == "always") {
    into.sync.reset();
  } else if (auto interval = reader.duration(node, Millis{1}, hours{1})) {
    into.sync = *interval;
  }
}

struct Signals {
  std::string message = HttpSettings{}.message_signal;
  std::string stop = HttpSettings{}.stop_signal;
};
const Section<Signals>& signals_section() {
  static const Section<Signals> section{{
      text<&Signals::message>("message", "What `POST /signal-workflow/{id}` sends."),
      text<&Signals::stop>("stop", "What `POST /stop-workflow/{id}` sends."),
  }};
  return section;
}

void read_signals(Reader& reader, const model::Node& node, HttpSettings& into) {
  Signals signals;
  read_table(reader, node, signals_section(), signals);
  into.message_signal = std::move(signals.message);
  into.stop_signal = std::move(signals.stop);
}

Key<HttpSettings> signals_row() {
  Key<HttpSettings> row =
      own("signals", Shape::table, "The names of the signals that the root paths send.", read_signals);
  row.declared.inner = signals_section().settings();
  return row;
}

}  // namespace

const Section<DeviceSettings>& device_section() {
  static const Section<DeviceSettings> section{{
      text<&DeviceSettings::name>("name", "The device's name, as ids, topics and memos show it.")
          .otherwise("the host's name"),
      text<&DeviceSettings::time_zone>("time_zone", "The IANA time zone of schedules and windows.")
          .otherwise("the system's"),
      duration<&DeviceSettings::clock_wait>(
          "clock_wait", "After a boot, calendar schedules wait this long for a clock that can be trusted.",
          Millis{0}),
  }};
  return section;
}

const Section<TemporalSettings>& temporal_section() {
  static const Section<TemporalSettings> section = [] {
    Key<TemporalSettings> address = own(
        "address", Shape::text, "Temporal's HTTP API; of a list, the first that answers.", read_addresses);
    address.declared.listable = true;
    address.declared.fallback = '"' + TemporalSettings{}.addresses.front() + '"';
    return Section<TemporalSettings>{{
        std::move(address),
        text<&TemporalSettings::name_space>("namespace", "Temporal's namespace."),
        text<&TemporalSettings::task_queue>("task_queue", "The task queue of actions that name none."),
        file<&TemporalSettings::api_key_file>("api_key_file", "The file that holds the API key.",
                                              Shape::secret_file),
        tls<&TemporalSettings::tls>("TLS to Temporal; left out, as the address says.", client_tls_section()),
        tables<&TemporalSettings::encryption>(
            "encryption", "AES-256-GCM payload codec; of a list, the first encrypts and all decrypt.",
            encryption_section()),
        integer<&TemporalSettings::max_connections>("max_connections", "The most connections to Temporal.", 1,
                                                    64),
        number<&TemporalSettings::signals_per_second>(
            "signals_per_second",
            "To one workflow, for what rules decide; a bucket of one second; 0 is no limit.", 0, 100'000),
        text<&TemporalSettings::ui>("ui", "The address of Temporal's web interface, for links."),
    }};
  }();
  return section;
}

const Section<MqttSettings>& mqtt_section() {
  static const Section<MqttSettings> section = [] {
    Key<MqttSettings> version = own("version", Shape::integer, "5, or 3 for MQTT 3.1.1.", read_version);
    version.declared.fallback = fmt::format("{}", MqttSettings{}.version);
    version.declared.least = 3;
    version.declared.most = 5;
    return Section<MqttSettings>{{
        own("url", Shape::text, "The broker: `mqtt://HOST[:PORT]`, or `mqtts://` for TLS.", read_broker_url),
        text<&MqttSettings::client_id>("client_id", "The name by which the broker keeps the session.")
            .otherwise("`sundial-` and the device's name"),
        text<&MqttSettings::username>("username", "The user at the broker."),
        file<&MqttSettings::password_file>("password_file", "The file that holds the password.",
                                           Shape::secret_file),
        tls<&MqttSettings::tls>("TLS to the broker; with an address of `mqtts://`.", client_tls_section()),
        std::move(version),
        duration<&MqttSettings::session_expiry>(
            "session_expiry", "How long the broker keeps the session of an agent that is away.", Millis{0},
            seconds{std::numeric_limits<std::uint32_t>::max()}),
        size<&MqttSettings::max_payload>(
            "max_payload",
            "The largest payload that is taken; told to an MQTT 5 broker as its maximum packet size.", 1,
            256 * kMiB),
    }};
  }();
  return section;
}

const Section<HttpSettings>& http_section() {
  static const Section<HttpSettings> section = [] {
    Key<HttpSettings> listen =
        own("listen", Shape::text, "`HOST:PORT`; any but a loopback address needs tokens; \"\" is none.",
            read_listen);
    listen.declared.fallback = '"' + HttpSettings{}.listen + '"';
    return Section<HttpSettings>{{
        std::move(listen),
        texts<&HttpSettings::hosts>("hosts", "Further names by which browsers may call the surface."),
        file<&HttpSettings::token_file>("token_file",
                                        "One token a line: `TOKEN [read|trigger|admin]`, default admin.",
                                        Shape::secret_file),
        tls<&HttpSettings::tls>("Serves HTTPS.", server_tls_section()),
        text<&HttpSettings::workflow>("workflow", "The workflow that the root paths start."),
        text<&HttpSettings::task_queue>("task_queue", "The task queue on which they start it."),
        signals_row(),
    }};
  }();
  return section;
}

const Section<WebhookSettings>& webhook_section() {
  static const Section<WebhookSettings> section{{
      file<&WebhookSettings::secret_file>("secret_file", "The secret of the HMAC of `POST /webhook/NAME`.",
                                          Shape::secret_file),
  }};
  return section;
}

const Section<LogSettings>& log_section() {
  static const Section<LogSettings> section{{
      choice<&LogSettings::level>("level", "The least important lines that are logged.",
                                  {"debug", "info", "warning", "error"}),
      choice<&LogSettings::format>("format", "`auto`: text, under systemd with its priorities.",
                                   {"auto", "text", "json"}),
  }};
  return section;
}

const Section<StoreSettings>& store_section() {
  static const Section<StoreSettings> section = [] {
    Key<StoreSettings> sync = own("sync", Shape::duration,
                                  "`always`: each accepted event is on disk before it is acknowledged; a "
                                  "duration: a power cut may cost as much.",
                                  read_sync);
    sync.declared.fallback = "\"always\"";
    sync.declared.choices = {"always"};
    return Section<StoreSettings>{{
        file<&StoreSettings::path>("path", "The folder of the state.", Shape::text)
            .otherwise("systemd's `STATE_DIRECTORY`, else `./sundial-state`"),
        size<&StoreSettings::max_size>("max_size", "Bounds what waits: outbox, journal and write-ahead log.",
                                       kMiB, 64 * kGiB),
        duration<&StoreSettings::max_age>("max_age",
                                          "An older entry of the outbox is dropped, counted and logged."),
        choice<&StoreSettings::on_full>("on_full", "What gives way when the store is full.",
                                        {"block", "drop_oldest", "drop_newest", "drop_lowest_priority"}),
        std::move(sync),
    }};
  }();
  return section;
}

}  // namespace sundial::config
