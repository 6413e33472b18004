// ${NAME}, .env files, and Temporal's own names.
#include "agent/config/environment.hpp"

#include <gtest/gtest.h>

#include "agent/config/summary.hpp"
#include "tests/agent/config/fake_files.hpp"

namespace sundial::config {
namespace {

TEST(Variables, ReplaceAnywhereInAString) {
  const Loaded loaded = load_text(
      "[device]\nname = \"a-${ROOM}-${NONE:-x${ROOM}}\"\n[http]\nworkflow = \"$${ROOM}\"\ntask_queue = "
      "\"${EMPTY:-q}\"\n"
      "[[rule.r.start]]\nworkflow = \"W\"\nargs = [\"${ROOM}\", \"{payload}\", 1]\n",
      {{"ROOM", "hall"}, {"EMPTY", ""}});
  ASSERT_TRUE(hold(problems_of(loaded), {}));
  EXPECT_EQ(loaded.configuration.device.name, "a-hall-xhall");
  EXPECT_EQ(loaded.configuration.http.workflow, "${ROOM}");
  EXPECT_EQ(loaded.configuration.http.task_queue, "q");
  const model::Node* args = loaded.configuration.rules[0].actions[0].table->find("args");
  ASSERT_NE(args, nullptr);
  const auto& items = std::get<model::Array>(args->data);
  EXPECT_EQ(std::get<std::string>(items[0].data), "hall");
  EXPECT_EQ(std::get<std::string>(items[1].data), "{payload}");
}

TEST(Variables, TakeTheTypeOfTheirKeyWhenTheyAreTheWholeString) {
  const Loaded loaded = load_text(
      "[temporal]\nmax_connections = \"${N}\"\nsignals_per_second = \"${S:-2.5}\"\n"
      "[schedule.s]\npaused = \"${P}\"\njitter = \"${D}\"\nlimit = \"${N}\"\n[store]\nmax_size = "
      "\"${BYTES}\"\n",
      {{"N", "7"}, {"P", "true"}, {"D", "3s"}, {"BYTES", "2097152"}});
  ASSERT_TRUE(hold(problems_of(loaded), {}));
  EXPECT_EQ(loaded.configuration.temporal.max_connections, 7);
  EXPECT_EQ(loaded.configuration.temporal.signals_per_second, 2.5);
  EXPECT_TRUE(loaded.configuration.schedules[0].paused);
  EXPECT_EQ(loaded.configuration.schedules[0].limit, 7);
  EXPECT_EQ(loaded.configuration.store.max_size, 2097152);
  EXPECT_TRUE(hold(
      problems_of(load_text("[temporal]\nmax_connections = \"${N}\"\n", {{"N", "many"}})),
      {"t.toml:2:19: [temporal] max_connections: expected an integer, not a string from the environment"}));
  EXPECT_TRUE(hold(problems_of(load_text("[temporal]\nmax_connections = \"1${N}\"\n", {{"N", "7"}})),
                   {"expected an integer, not a string"}));
}

TEST(Variables, ThatAreMissingNameKeyAndLineOnce) {
  EXPECT_TRUE(
      hold(problems_of(load_text("[rule.r]\nhold = \"${HOLD}\"\nwhen = \"${x y}\"\ntopic = \"${OPEN\"\n")),
           {"t.toml:2:8: [rule.r] hold: the environment has no HOLD; set it, or write ${HOLD:-default}",
            "t.toml:3:8: [rule.r] when: '${x y}' names no environment variable",
            "t.toml:4:9: [rule.r] topic: '${' is not closed"}));
}

TEST(EnvFile, AddsToTheEnvironment) {
  Environment environment{{"SET", "before"}};
  std::vector<model::Problem> problems;
  read_env_file("# comment\r\nSET=after\nexport A = 1 # one\nB='x # y'\nC=\"a\\nb\"\n\nnonsense\n", ".env",
                environment, problems);
  EXPECT_EQ(environment["SET"], "before");
  EXPECT_EQ(environment["A"], "1");
  EXPECT_EQ(environment["B"], "x # y");
  EXPECT_EQ(environment["C"], "a\nb");
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].at.line, 7);
}

struct Addressed {
  std::string url;
  std::vector<std::string> notes;
  std::vector<std::string> problems;
};

Addressed addressed(const std::string& text, Environment environment) {
  const Loaded loaded = load_text(text, std::move(environment));
  return {loaded.configuration.temporal.addresses.empty() ? "" : loaded.configuration.temporal.addresses[0],
          loaded.notes, problems_of(loaded)};
}

TEST(TemporalAddress, BareIsGrpcAndNeverOverridesHttp) {
  const std::string file = "[temporal]\naddress = \"http://t:80\"\n";
  EXPECT_EQ(addressed(file, {{"TEMPORAL_ADDRESS", "worker:7233"}}).url, "http://t:80");
  EXPECT_TRUE(hold(addressed(file, {{"TEMPORAL_ADDRESS", "worker:7233"}}).notes, {"stays at http://t:80"}));
  EXPECT_EQ(addressed("[device]\n", {{"TEMPORAL_ADDRESS", "worker:7233"}}).url, "http://worker:7243");
  EXPECT_TRUE(
      hold(addressed("[device]\n", {{"TEMPORAL_ADDRESS", "worker:7233"}}).notes, {"http://worker:7243"}));
  EXPECT_EQ(addressed(file, {{"TEMPORAL_ADDRESS", "https://other:1"}}).url, "https://other:1");
  EXPECT_EQ(addressed(file, {{"TEMPORAL_ADDRESS", "https://o:1"}, {"TEMPORAL_HTTP_ADDRESS", "h:2"}}).url,
            "http://h:2");
  EXPECT_EQ(addressed("[temporal]\naddress = \"[::1]:7233\"\n", {}).url, "http://[::1]:7243");
  EXPECT_EQ(addressed("[device]\n", {{"TEMPORAL_ADDRESS", "w:1"}, {"TEMPORAL_TLS", "true"}}).url,
            "https://w:7243");
}

TEST(TemporalAddress, OfTheCloudIsRefusedWithOneLine) {
  EXPECT_TRUE(hold(addressed("[temporal]\naddress = [\"https://ns.a1.tmprl.cloud:7233\"]\n", {}).problems,
                   {"t.toml:2:11: [temporal] address: ns.a1.tmprl.cloud is Temporal Cloud"}));
  EXPECT_TRUE(hold(addressed("[device]\n", {{"TEMPORAL_ADDRESS", "eu.aws.api.temporal.io:7233"}}).problems,
                   {"TEMPORAL_ADDRESS: [temporal] address: eu.aws.api.temporal.io is Temporal Cloud"}));
  EXPECT_TRUE(hold(addressed("[temporal]\naddress = \"ftp://x\"\n", {}).problems, {"expected http://"}));
}

TEST(TemporalNames, OverrideTheFile) {
  const Loaded loaded =
      load_text("[temporal]\nnamespace = \"file\"\napi_key_file = \"k\"\ntask_queue = \"q\"\n",
                {{"TEMPORAL_NAMESPACE", "env"},
                 {"TEMPORAL_API_KEY", "secret"},
                 {"TEMPORAL_TLS_CERT", "c.pem"},
                 {"TEMPORAL_TLS_KEY", "k.pem"},
                 {"TEMPORAL_TLS_DISABLE_HOST_VERIFICATION", "true"}});
  const model::TemporalSettings& temporal = loaded.configuration.temporal;
  EXPECT_EQ(temporal.name_space, "env");
  EXPECT_EQ(temporal.task_queue, "q");
  EXPECT_EQ(temporal.api_key, "secret");
  EXPECT_EQ(temporal.api_key_file, "");
  EXPECT_TRUE(temporal.tls.enabled);
  EXPECT_EQ(temporal.tls.cert, "c.pem");
  EXPECT_FALSE(temporal.tls.verify_host);
  EXPECT_TRUE(hold(temporal.addresses, {"https://localhost:7243"}));
}

TEST(TemporalProfile, LiesBetweenEnvironmentAndFile) {
  FakeDisk disk{{{"temporal.toml",
                  "[profile.site]\naddress = \"http://site:7243\"\nnamespace = \"p\"\n"
                  "[profile.site.tls]\nserver_name = \"n\"\n"}},
                {}};
  Sources sources = disk.sources({{"TEMPORAL_CONFIG_FILE", "temporal.toml"},
                                  {"TEMPORAL_PROFILE", "site"},
                                  {"TEMPORAL_TASK_QUEUE", "e"}});
  const Loaded loaded = load(sources);
  ASSERT_TRUE(hold(problems_of(loaded), {}));
  EXPECT_TRUE(hold(loaded.configuration.temporal.addresses, {"http://site:7243"}));
  EXPECT_EQ(loaded.configuration.temporal.name_space, "p");
  EXPECT_EQ(loaded.configuration.temporal.tls.server_name, "n");
  EXPECT_EQ(loaded.configuration.temporal.task_queue, "e");
  sources.environment["TEMPORAL_PROFILE"] = "other";
  EXPECT_TRUE(hold(problems_of(load(sources)), {"temporal.toml: has no [profile.other]"}));
}

TEST(TemporalProfile, GivesCertificatesAlsoByTheirText) {
  FakeDisk disk{{{"temporal.toml",
                  "[profile.site]\naddress = \"https://site:7243\"\ncodec = { endpoint = \"http://c\" }\n"
                  "[profile.site.tls]\nclient_cert_data = \"the certificate\"\n"
                  "client_key_data = \"the key\"\nclient_key_path = \"k.pem\"\n"
                  "server_ca_cert_data = \"the authority\"\n"}},
                {}};
  Sources sources = disk.sources({{"TEMPORAL_CONFIG_FILE", "temporal.toml"}, {"TEMPORAL_PROFILE", "site"}});
  const Files system = system_files();
  sources.files.hold = system.hold;
  const Loaded loaded = load(sources);
  ASSERT_TRUE(hold(problems_of(loaded), {}));
  EXPECT_TRUE(hold(loaded.notes, {"[profile.site] codec is not for the HTTP API"}));
  const model::TlsSettings& tls = loaded.configuration.temporal.tls;
  EXPECT_EQ(*system.read(tls.cert, 100), "the certificate");
  EXPECT_EQ(*system.read(tls.ca, 100), "the authority");
  EXPECT_EQ(tls.key, "k.pem");
  EXPECT_FALSE(system.others_may_read(tls.cert));
  EXPECT_EQ(load(sources).configuration.temporal.tls.cert, tls.cert);  // a reload makes no second one
  const std::string shown = summary_text(summary_of(loaded, sources.files));
  EXPECT_NE(shown.find("client certificate of the profile"), std::string::npos) << shown;
}

TEST(Files, AreReadToTheirLimitAndNotBeyond) {
  const Files system = system_files();
  const std::string text = std::string(200'000, 'x') + "end";
  const std::string path = *system.hold(text);
  EXPECT_EQ(*system.read(path, text.size()), text);
  EXPECT_EQ(*system.read(path, std::size_t{16} << 20U), text);
  EXPECT_EQ(system.read(path, text.size() - 1).error().kind(), ErrorKind::exhausted);
}

TEST(TemporalNames, ABareAddressIsSaidAlsoWhereTheHttpAddressWins) {
  const Loaded loaded = load_text("[log]\nlevel = \"info\"\n",
                                  {{"TEMPORAL_HTTP_ADDRESS", "http://a:1"}, {"TEMPORAL_ADDRESS", "b:7233"}});
  EXPECT_TRUE(hold(loaded.configuration.temporal.addresses, {"http://a:1"}));
  EXPECT_TRUE(hold(loaded.notes, {"TEMPORAL_ADDRESS: b:7233 is gRPC's address"}));
}

TEST(BrokerUrl, FromTheEnvironmentMakesABroker) {
  const Loaded loaded = load_text("[device]\nname = \"d\"\n", {{"MQTT_URL", "mqtts://me:p%40ss@broker"}});
  ASSERT_TRUE(hold(problems_of(loaded), {}));
  ASSERT_TRUE(loaded.configuration.mqtt);
  EXPECT_EQ(loaded.configuration.mqtt->url, "mqtts://broker:8883");
  EXPECT_EQ(loaded.configuration.mqtt->username, "me");
  EXPECT_EQ(loaded.configuration.mqtt->password, "p@ss");
  EXPECT_EQ(loaded.configuration.mqtt->client_id, "sundial-d");
  EXPECT_TRUE(loaded.configuration.mqtt->tls.enabled);
  EXPECT_TRUE(hold(problems_of(load_text("", {{"MQTT_URL", "http://me:secret@x"}})),
                   {"MQTT_URL: [mqtt] url: expected mqtt://HOST[:PORT], or mqtts:// for TLS"}));
}

}  // namespace
}  // namespace sundial::config
