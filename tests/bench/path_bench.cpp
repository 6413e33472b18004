// The path of one message, part by part: what scripts/bench --instructions counts with callgrind.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iostream>
#include <map>
#include <vector>

#include "agent/adapters/journal/file_journal.hpp"
#include "agent/config/load.hpp"
#include "agent/core/engine/engine.hpp"
#include "platform/json/json.hpp"
#include "platform/linux/disk.hpp"
#include "platform/zones/zones.hpp"

namespace sundial {
namespace {

constexpr int kMessages = 10'000;
constexpr std::string_view kPayload =
    R"({"device":"device-000007","seq":1234,"sent":98765432101,"temperature":42.5,"humidity":61,"battery":3.07,"state":"ok"})";
constexpr std::string_view kFilter = R"toml(
[rule.hot]
topic = "sensors/{device}/telemetry"
when = "payload.temperature > 80.0"
signal = { id = "x", name = "hot", args = ["{payload}"] }
)toml";
constexpr std::string_view kWindow = R"toml(
[rule.window]
topic = "sensors/{device}/telemetry"
window = { count = 100 }
collect = { mean = "avg(payload.temperature)" }
signal = { id = "x", name = "mean", args = ["{window.mean}"] }
)toml";

// Named so that callgrind can be told to count within it only.
template <typename Work>
[[gnu::noinline]] void measured_part(Work work) {
  for (int i = 0; i < kMessages; ++i) work(i);
}

struct Desk {
  std::unique_ptr<ZoneSource> zones = system_zones();
  std::unique_ptr<engine::Engine> engine;
  model::Effects effects;

  explicit Desk(std::string_view rules) {
    config::Sources sources;
    sources.config_file = "sundial.toml";
    sources.host_name = "bench";
    sources.system_time_zone = "UTC";
    sources.zones = zones.get();
    sources.look_at_files = false;
    sources.files = config::system_files();
    sources.files.read = [rules](const std::string&, std::size_t) {
      return Result<std::string>(std::string(rules));
    };
    sources.files.list = [](const std::string&) {
      return Result<std::vector<std::string>>(std::vector<std::string>{});
    };
    sources.files.exists = [](const std::string& path) { return path == "sundial.toml"; };
    config::Loaded loaded = config::load(sources);
    std::vector<model::Problem> problems = loaded.problems;
    if (problems.empty()) engine = engine::Engine::create(loaded.configuration, *zones, problems);
    for (const model::Problem& problem : problems) fmt::print(stderr, "{}\n", model::format_problem(problem));
    if (!engine) std::exit(1);
  }
};

std::vector<std::string> topics() {
  std::vector<std::string> all;
  for (int i = 0; i < 1000; ++i) all.push_back(fmt::format("sensors/device-{:06}/telemetry", i));
  return all;
}

void bench_filter() {
  const Desk desk(kFilter);
  const auto filter = desk.engine->prefilter();
  const auto all = topics();
  int wanted = 0;
  measured_part([&](int i) {
    rules::Offer offer;
    offer.topic = all[static_cast<std::size_t>(i % 1000)];
    offer.payload = kPayload;
    wanted += filter->wants(offer) ? 1 : 0;
  });
  if (wanted != 0) std::exit(1);
}

void bench_engine(std::string_view rules) {
  Desk desk(rules);
  const auto all = topics();
  const Moment begin{Instant{Millis{1'800'000'000'000}}, Elapsed{Millis{1'000}}};
  desk.engine->begin(begin);
  std::vector<model::Input> inputs;
  for (int i = 0; i < kMessages; ++i) {
    model::Message message;
    message.id = fmt::format("id-{}", i);
    message.topic = all[static_cast<std::size_t>(i % 1000)];
    message.payload = kPayload;
    inputs.emplace_back(std::move(message));
  }
  measured_part([&](int i) {
    const Moment now{begin.wall + Millis{i}, begin.elapsed + Millis{i}};
    desk.engine->take(inputs[static_cast<std::size_t>(i)], now, desk.effects);
  });
}

void bench_collect() {
  Desk desk(kWindow);
  const auto all = topics();
  const Moment begin{Instant{Millis{1'800'000'000'000}}, Elapsed{Millis{1'000}}};
  desk.engine->begin(begin);
  std::size_t changes = 0;
  measured_part([&](int i) {
    model::Message message;
    message.topic = all[static_cast<std::size_t>(i % 1000)];
    message.payload = kPayload;
    desk.engine->take(std::move(message), {begin.wall + Millis{i}, begin.elapsed + Millis{i}}, desk.effects);
    if (i % 1000 == 999) changes += desk.engine->collect().size();
  });
  if (changes == 0) std::exit(1);
}

class Quiet final : public LogSink {
 public:
  void write(const LogLine&) override {}
};

void bench_journal() {
  std::string place = std::filesystem::temp_directory_path().string() + "/sundial-bench-XXXXXX";
  if (::mkdtemp(place.data()) == nullptr) std::exit(1);
  LinuxDisk disk;
  Quiet sink;
  Log log(sink, LogSeverity::error, [] { return Instant{}; });
  auto journal = FileJournal::open(
      disk, log, {.directory = place, .sync_always = false, .segment_bytes = 8U << 20U, .preamble = {}}, {0},
      [](const JournalEntry&) {});
  const std::string entry(180, 'x');
  static_cast<void>((*journal)->append(entry));
  measured_part([&](int) { static_cast<void>((*journal)->append(entry)); });
  std::filesystem::remove_all(place);
}

}  // namespace
}  // namespace sundial

// bench_path --list, or the name of a part.
int main(int count, char** arguments) {
  using namespace sundial;
  const std::map<std::string, std::function<void()>> parts{
      {"json-parse", [] { measured_part([](int) { static_cast<void>(json::parse(kPayload)); }); }},
      {"message-nobody-keeps", bench_filter},
      {"message-into-window", [] { bench_engine(kWindow); }},
      {"message-into-window-stored", bench_collect},
      {"message-rejected-by-engine", [] { bench_engine(kFilter); }},
      {"journal-append", bench_journal},
  };
  const std::string wanted = count == 2 ? arguments[1] : "";
  if (wanted == "--list") {
    for (const auto& part : parts) std::cout << part.first << '\n';
    return 0;
  }
  const auto found = parts.find(wanted);
  if (found == parts.end()) return 64;
  found->second();
  return 0;
}
