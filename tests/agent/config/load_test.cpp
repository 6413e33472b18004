// The loader: the reference's example, order, defaults, and every mistake in its place.
#include "agent/config/load.hpp"

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "tests/agent/config/fake_files.hpp"

namespace sundial::config {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

std::string test_data(const std::string& name) {
  std::ifstream file(std::string(SUNDIAL_TEST_DATA) + "/config/" + name);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

Loaded load_example() {
  FakeDisk disk{{{"/etc/sundial/sundial.toml", test_data("interface.toml")}}, {}};
  Sources sources = disk.sources();
  sources.config_file = "/etc/sundial/sundial.toml";
  sources.look_at_files = false;
  return load(sources);
}

TEST(Example, LoadsTheSettings) {
  const Loaded loaded = load_example();
  ASSERT_TRUE(hold(problems_of(loaded), {}));
  const model::Configuration& all = loaded.configuration;
  EXPECT_EQ(all.device.name, "greenhouse-1");
  EXPECT_EQ(all.device.clock_wait, minutes(5));
  EXPECT_TRUE(hold(all.temporal.addresses, {"http://localhost:7243"}));
  EXPECT_EQ(all.temporal.api_key_file, "/etc/sundial/temporal.key");
  EXPECT_EQ(all.temporal.tls.ca, "/etc/sundial/ca.pem");
  EXPECT_EQ(all.temporal.tls.server_name, "frontend");
  ASSERT_EQ(all.temporal.encryption.size(), 1U);
  EXPECT_EQ(all.temporal.encryption[0].key_file, "/etc/sundial/k1.key");
  EXPECT_EQ(all.temporal.ui, "http://localhost:8233");
  ASSERT_TRUE(all.mqtt);
  EXPECT_EQ(all.mqtt->url, "mqtt://localhost:1883");
  EXPECT_EQ(all.mqtt->session_expiry, hours(24 * 7));
  EXPECT_EQ(all.mqtt->max_payload, 256 * 1024);
  EXPECT_TRUE(hold(all.http.hosts, {"greenhouse.example"}));
  EXPECT_TRUE(all.http.tls.enabled);
  EXPECT_EQ(all.http.stop_signal, "stop_processing");
  EXPECT_EQ(all.webhook_secret_files.count("github"), 1U);
  EXPECT_EQ(all.store.max_size, 64 * 1024 * 1024);
  EXPECT_FALSE(all.store.sync);
}

TEST(Example, LoadsTheSchedule) {
  const Loaded loaded = load_example();
  ASSERT_EQ(loaded.configuration.schedules.size(), 1U);
  const model::ScheduleDefinition& schedule = loaded.configuration.schedules[0];
  EXPECT_EQ(schedule.id, "device-health");
  ASSERT_EQ(schedule.crons.size(), 1U);
  EXPECT_EQ(schedule.crons[0].text, "0 * * * *");
  EXPECT_EQ(schedule.jitter, seconds(10));
  ASSERT_TRUE(schedule.start_at);
  EXPECT_EQ(format_rfc3339(*schedule.start_at, Fraction::when_needed), "2026-01-01T00:00:00Z");
  EXPECT_TRUE(schedule.pause_on_failure);
  ASSERT_EQ(schedule.actions.size(), 1U);
  EXPECT_EQ(schedule.actions[0].kind, model::ActionKind::start);
}

TEST(Example, LoadsTheRulesInTheOrderOfTheFile) {
  const Loaded loaded = load_example();
  std::vector<std::string> ids;
  for (const auto& rule : loaded.configuration.rules) ids.push_back(rule.id);
  ASSERT_EQ(ids, (Strings{"overheat", "batch", "minute", "silent"}));
  const model::RuleDefinition& overheat = loaded.configuration.rules[0];
  EXPECT_EQ(overheat.when->text, "payload.temperature > 80.0");
  EXPECT_EQ(overheat.hold, seconds(30));
  EXPECT_EQ(overheat.change->by, 0.5);
  EXPECT_FALSE(overheat.change->percent);
  EXPECT_EQ(overheat.max_keys, 100'000);
  const model::RuleDefinition& batch = loaded.configuration.rules[1];
  EXPECT_EQ(batch.window->count, 5);
  EXPECT_EQ(batch.window->timeout, seconds(30));
  ASSERT_EQ(batch.collect.size(), 4U);
  EXPECT_EQ(batch.collect[1].first, "messages");
  EXPECT_EQ(batch.actions.size(), 2U);
  const model::RuleDefinition& minute = loaded.configuration.rules[2];
  EXPECT_EQ(minute.window->over, minutes(5));
  EXPECT_EQ(minute.window->ahead, hours(1));
  const model::RuleDefinition& silent = loaded.configuration.rules[3];
  EXPECT_EQ(silent.silent_for, minutes(5));
  EXPECT_EQ(silent.back.size(), 1U);
}

TEST(Defaults, HoldWithoutAnyFile) {
  const FakeDisk disk;
  const Loaded loaded = load(disk.sources());
  ASSERT_TRUE(hold(problems_of(loaded), {}));
  EXPECT_EQ(loaded.configuration.device.name, "host-1");
  EXPECT_EQ(loaded.configuration.device.time_zone, "Europe/Berlin");
  EXPECT_TRUE(hold(loaded.configuration.temporal.addresses, {"http://localhost:7243"}));
  EXPECT_EQ(loaded.configuration.http.listen, "127.0.0.1:8000");
  EXPECT_FALSE(loaded.configuration.mqtt);
  EXPECT_EQ(loaded.configuration.store.path, "sundial-state");
}

TEST(Order, OfActionsIsThatOfTheFileOverAllKinds) {
  const Loaded loaded = load_text(
      "[[rule.b.start]]\nworkflow = \"1\"\n[[rule.b.signal]]\nid = \"2\"\n[[rule.b.start]]\nworkflow = "
      "\"3\"\n"
      "[rule.a]\npublish = { topic = \"p\" }\nstart = [{ workflow = \"x\" }]\n");
  ASSERT_EQ(loaded.configuration.rules.size(), 2U);
  EXPECT_EQ(loaded.configuration.rules[0].id, "b");
  Strings kinds;
  for (const auto& action : loaded.configuration.rules[0].actions)
    kinds.emplace_back(model::name_of(action.kind));
  for (const auto& action : loaded.configuration.rules[1].actions)
    kinds.emplace_back(model::name_of(action.kind));
  EXPECT_EQ(kinds, (Strings{"start", "signal", "start", "publish", "start"}));
}

TEST(Problems, AreAllSaidInOneGoWithTheirPlaces) {
  const Loaded loaded = load_text(
      "[devise]\nname = \"x\"\n"
      "[mqtt]\nversion = 4\n"
      "[store]\nmax_size = \"64 parsecs\"\non_full = \"drop_oldset\"\n"
      "[rule.\"grün\"]\n"
      "[rule.r]\ntopic = \"a\"\ncool_down = \"10m\"\nhold = 30\nqos = 2\nwindow = { count = \"5\" }\n"
      "[schedule.s]\nstart_at = 2026-01-01T00:00:00\nlimit = -1\n");
  EXPECT_TRUE(hold(
      problems_of(loaded),
      {"t.toml:1:2: [devise]: unknown table; did you mean [device]?", "t.toml:3:1: [mqtt]: 'url' is missing",
       "t.toml:4:11: [mqtt] version: 4 is MQTT 3.1.1's number on the wire; write 3 for it, or 5",
       "t.toml:6:12: [store] max_size: '64 parsecs' is not a size; write it as \"64MiB\" or \"256KiB\"",
       "t.toml:7:11: [store] on_full: 'drop_oldset' is none of",
       "t.toml:8:7: [rule.grün]: an id in a file has letters",
       "t.toml:11:1: [rule.r] cool_down: unknown key; did you mean cooldown?",
       "t.toml:12:8: [rule.r] hold: expected a duration such as \"90s\"",
       "t.toml:13:7: [rule.r] qos: QoS 2 is refused",
       "t.toml:14:20: [rule.r] window.count: expected an integer, not a string",
       "t.toml:16:12: [schedule.s] start_at: '2026-01-01T00:00:00' names no instant",
       "t.toml:17:9: [schedule.s] limit: -1 is too small; at least 0"}));
}

TEST(Problems, CountColumnsInCodePoints) {
  EXPECT_TRUE(hold(problems_of(load_text("rule.r = { webhook = \"🌡ü\", hold = 1 }\n")),
                   {"t.toml:1:35: [rule.r] hold"}));
}

TEST(Problems, OfSyntaxHaveAPlace) {
  EXPECT_TRUE(hold(problems_of(load_text("[device]\nname = \n")), {"t.toml:2:8: no valid TOML"}));
}

TEST(ConfD, IsReadInNameOrderBesideTheFile) {
  FakeDisk disk{{{"d/t.toml", "[rule.a]\ntopic = \"a\"\n"},
                 {"d/conf.d/20.toml", "[rule.c]\ntopic = \"c\"\n[http]\nlisten = \"\"\n"},
                 {"d/conf.d/10.toml", "[rule.b]\ntopic = \"b\"\n[http]\nworkflow = \"W\"\n"},
                 {"d/conf.d/readme", "not TOML"}},
                {}};
  Sources sources = disk.sources();
  sources.config_file = "d/t.toml";
  const Loaded loaded = load(sources);
  ASSERT_TRUE(hold(problems_of(loaded), {}));
  std::vector<std::string> ids;
  for (const auto& rule : loaded.configuration.rules) ids.push_back(rule.id);
  EXPECT_EQ(ids, (Strings{"a", "b", "c"}));
  EXPECT_EQ(loaded.configuration.http.listen, "");
  EXPECT_EQ(loaded.configuration.http.workflow, "W");
}

TEST(ConfD, MaySetNothingTwice) {
  FakeDisk disk{{{"t.toml", "[rule.a]\ntopic = \"a\"\n[http]\nlisten = \"\"\n"},
                 {"conf.d/1.toml", "[http]\nlisten = \"\"\n\n[rule.a]\ntopic = \"b\"\n"}},
                {}};
  Sources sources = disk.sources();
  sources.config_file = "t.toml";
  EXPECT_TRUE(
      hold(problems_of(load(sources)), {"conf.d/1.toml:2:1: [http] listen: is set twice; first at t.toml:4",
                                        "conf.d/1.toml:4:7: [rule.a]: is set twice; first at t.toml:1"}));
}

TEST(BadFiles, AreOneLineEach) {
  FakeDisk disk{{{"binary", std::string("\x7f"
                                        "ELF\0\1",
                                        6)},
                 {"latin", "x = \"gr\xfcn\""},
                 {"huge", std::string(16 * 1024 * 1024 + 1, '#')},
                 {"deep", "x = " + std::string(5000, '[')},
                 {"dots", "[" + std::string(2000, 'a') + ".a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a]"}},
                {}};
  for (const char* name : {"binary", "latin", "huge", "deep", "dots", "missing"}) {
    Sources sources = disk.sources();
    sources.config_file = name;
    const auto problems = problems_of(load(sources));
    ASSERT_EQ(problems.size(), 1U) << name;
    EXPECT_NE((problems[0]).find(std::string(name) + ":"), std::string::npos);
    EXPECT_LT(problems[0].size(), 400U);
  }
}

TEST(Empty, FileSetsNothingAndSaysSo) {
  const Loaded loaded = load_text("\n");
  EXPECT_TRUE(hold(problems_of(loaded), {}));
  EXPECT_TRUE(hold(loaded.notes, {"t.toml is empty: it sets nothing"}));
}

TEST(Secrets, ThatOthersMayReadAreRefused) {
  FakeDisk disk{
      {{"t.toml", "[http]\ntoken_file = \"token\"\n[temporal]\napi_key_file = \"/gone\"\n"}, {"token", "x"}},
      {"token"}};
  Sources sources = disk.sources();
  sources.config_file = "t.toml";
  EXPECT_TRUE(hold(problems_of(load(sources)),
                   {"t.toml:2:14: [http] token_file: others may read token; run chmod o-rwx token",
                    "t.toml:4:16: [temporal] api_key_file: there is no /gone"}));
}

TEST(Secrets, ThatAreNoEncryptionKeysAreRefused) {
  FakeDisk disk{{{"t.toml",
                  "[temporal]\nencryption = [{ key_id = \"a\", key_file = \"short\" }, "
                  "{ key_id = \"a\", key_file = \"right\" }]\n"},
                 {"short", "abc"},
                 {"right", std::string(64, 'a') + "\n"}},
                {}};
  Sources sources = disk.sources();
  sources.config_file = "t.toml";
  EXPECT_TRUE(hold(problems_of(load(sources)), {"t.toml:2:14: [temporal] encryption: short is no key",
                                                "[temporal] encryption: the key_id 'a' is given twice"}));
}

TEST(Fingerprint, IsOfTheTextWithoutItsPlace) {
  const auto fingerprint = [](const std::string& text, Environment environment = {}) {
    return load_text(text, std::move(environment)).configuration.rules.at(0).fingerprint;
  };
  const std::string base = fingerprint("[rule.r]\ntopic = \"a\"\nhold = \"1s\"\n");
  EXPECT_EQ(base, fingerprint("# moved\n\n[rule.r]\ntopic = 'a' # same\nhold = \"1s\"\n"));
  EXPECT_EQ(base, fingerprint("[rule.r]\ntopic = \"${T}\"\nhold = \"1s\"\n", {{"T", "a"}}));
  EXPECT_NE(base, fingerprint("[rule.r]\ntopic = \"b\"\nhold = \"1s\"\n"));
}

TEST(Loader, PrefersCommandLineThenEnvironmentThenFile) {
  FakeDisk disk{{{"t.toml", "[http]\nlisten = \"127.0.0.1:1\"\n[store]\npath = \"file\"\n"}}, {}};
  Sources sources = disk.sources({{"STATE_DIRECTORY", "/var/lib/sundial:/x"}});
  EXPECT_EQ(load(sources).configuration.store.path, "/var/lib/sundial");
  sources.config_file = "t.toml";
  EXPECT_EQ(load(sources).configuration.store.path, "file");
  sources.environment = {{"SUNDIAL_LISTEN", "127.0.0.1:2"}, {"SUNDIAL_STATE", "environment"}};
  EXPECT_EQ(load(sources).configuration.http.listen, "127.0.0.1:2");
  EXPECT_EQ(load(sources).configuration.store.path, "environment");
  sources.listen = "127.0.0.1:3";
  sources.state = "line";
  EXPECT_EQ(load(sources).configuration.http.listen, "127.0.0.1:3");
  EXPECT_EQ(load(sources).configuration.store.path, "line");
}

}  // namespace
}  // namespace sundial::config
