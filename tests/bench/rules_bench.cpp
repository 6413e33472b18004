// What rules cost: a message that no rule keeps, a windowed aggregate, and the memory and rows of keys.
// Prints; asserts nothing.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <malloc.h>

#include <memory>
#include <string>
#include <vector>

#include "agent/config/load.hpp"
#include "agent/core/engine/engine.hpp"
#include "platform/zones/zones.hpp"

namespace sundial {
namespace {

constexpr Instant kStart{std::chrono::seconds{1'773'144'000}};

std::unique_ptr<engine::Engine> engine_of(const std::string& rules) {
  static const std::unique_ptr<ZoneSource> zones = system_zones();
  const std::string text = "[device]\nname = \"pi\"\ntime_zone = \"Europe/Berlin\"\n" + rules;
  config::Sources sources;
  sources.config_file = "sundial.toml";
  sources.host_name = "host";
  sources.system_time_zone = "UTC";
  sources.zones = zones.get();
  sources.look_at_files = false;
  sources.files = config::system_files();
  sources.files.read = [text](const std::string&, std::size_t) { return Result<std::string>(text); };
  sources.files.list = [](const std::string&) {
    return Result<std::vector<std::string>>(std::vector<std::string>{});
  };
  sources.files.exists = [](const std::string& path) { return path == "sundial.toml"; };
  std::vector<model::Problem> problems;
  auto engine = engine::Engine::create(config::load(sources).configuration, *zones, problems);
  engine->begin({kStart, Elapsed{kStart.time_since_epoch()}});
  return engine;
}

// A reading of 120 bytes, as sensors send them.
std::string reading(int temperature) {
  std::string text =
      fmt::format(R"({{"device":"kitchen-1","temperature":{}.5,"humidity":41,"battery":87,"ts":1773144000)",
                  temperature % 60);
  text += R"(,"firmware":")";
  text.append(118 - text.size(), '7');
  return text + "\"}";
}

model::Message message_of(const std::string& topic, int number) {
  model::Message message;
  message.id = "m" + std::to_string(number);
  message.topic = topic;
  message.payload = reading(number);
  message.qos = 1;
  return message;
}

std::string threshold_rules(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    text += fmt::format(
        "[rule.r{}]\ntopic = \"site{}/{{device}}/telemetry\"\nwhen = \"payload.temperature > 80.0\"\n"
        "start = {{ workflow = \"W\" }}\n",
        i, i);
  }
  return text;
}

// Decode, match and condition, and no rule fires: as the callback of the bus asks.
void no_match_in_the_callback(benchmark::State& state) {
  const auto engine = engine_of(threshold_rules(static_cast<int>(state.range(0))));
  const auto prefilter = engine->prefilter();
  const std::string payload = reading(21);
  rules::Offer offer;
  offer.topic = "site7/kitchen-1/telemetry";
  offer.payload = payload;
  offer.now = kStart;
  for (auto _ : state) benchmark::DoNotOptimize(prefilter->wants(offer));
}
BENCHMARK(no_match_in_the_callback)->Arg(10)->Arg(100);

// The same message through the engine.
void no_match_in_the_engine(benchmark::State& state) {
  const auto engine = engine_of(threshold_rules(static_cast<int>(state.range(0))));
  const model::Input input = message_of("site7/kitchen-1/telemetry", 21);
  Moment now{kStart, Elapsed{kStart.time_since_epoch()}};
  model::Effects effects;
  for (auto _ : state) engine->take(input, now, effects);
}
BENCHMARK(no_match_in_the_engine)->Arg(10)->Arg(100);

void windowed_aggregate(benchmark::State& state) {
  const auto engine = engine_of(
      "[rule.r]\ntopic = \"site/{device}/telemetry\"\nwindow = { every = \"1m\" }\n"
      "collect = { mean = \"avg(payload.temperature)\" }\n"
      "signal = { id = \"w\", name = \"n\", args = [\"{window.mean}\"] }\n");
  std::vector<model::Input> inputs;
  for (int i = 0; i < 100; ++i)
    inputs.emplace_back(message_of(fmt::format("site/kitchen-{}/telemetry", i), i));
  Moment now{kStart, Elapsed{kStart.time_since_epoch()}};
  model::Effects effects;
  std::size_t next = 0;
  for (auto _ : state) {
    engine->take(inputs[next], now, effects);
    if (++next == inputs.size()) {
      next = 0;
      now = {now.wall + Millis{100}, now.elapsed + Millis{100}};
      effects = {};
    }
  }
}
BENCHMARK(windowed_aggregate);

// Memory of many keys, each with five aggregates; `offered` different ones come, 100,000 are kept.
void keys_with_five_aggregates(benchmark::State& state) {
  for (auto _ : state) {
    const std::size_t before = ::mallinfo2().uordblks;
    const auto engine = engine_of(
        "[rule.r]\ntopic = \"site/{device}/telemetry\"\nmax_keys = 100_000\nwindow = { every = \"1h\" }\n"
        "collect = { n = \"count()\", s = \"sum(payload.temperature)\", lo = \"min(payload.temperature)\", "
        "hi = \"max(payload.temperature)\", d = \"stddev(payload.temperature)\", z = "
        "\"last(payload.battery)\" }\n"
        "signal = { id = \"w\", name = \"n\", args = [\"{window.s}\"] }\n");
    model::Effects effects;
    const Moment now{kStart, Elapsed{kStart.time_since_epoch()}};
    for (std::int64_t i = 0; i < state.range(0); ++i) {
      engine->take(message_of(fmt::format("site/device-{}/telemetry", i), static_cast<int>(i)), now, effects);
      if (i % 1000 == 999) static_cast<void>(engine->collect());
      effects = {};
    }
    static_cast<void>(engine->collect());
    state.counters["MB"] = static_cast<double>(::mallinfo2().uordblks - before) / 1e6;
  }
}
BENCHMARK(keys_with_five_aggregates)
    ->Arg(100'000)
    ->Arg(1'000'000)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

// Bytes of rows for the store, a message, where 1,000 messages a second are committed each second.
void rows_written(benchmark::State& state, const char* rule) {
  const auto engine = engine_of(std::string("[rule.r]\ntopic = \"site/{device}/telemetry\"\n") + rule +
                                "signal = { id = \"w\", name = \"n\", args = [\"{payload.ts}\"] }\n");
  Moment now{kStart, Elapsed{kStart.time_since_epoch()}};
  model::Effects effects;
  std::size_t bytes = 0;
  int number = 0;
  for (auto _ : state) {
    engine->take(message_of(fmt::format("site/device-{}/telemetry", number % 50), number), now, effects);
    now = {now.wall + Millis{1}, now.elapsed + Millis{1}};
    if (++number % 1000 != 0) continue;
    for (const model::StateChange& change : engine->collect())
      bytes += change.key.size() + (change.bytes ? change.bytes->size() : 0);
    effects = {};
  }
  state.counters["bytes_a_message"] = static_cast<double>(bytes) / number;
}
BENCHMARK_CAPTURE(rows_written, mean,
                  "window = { every = \"1m\" }\ncollect = { m = \"avg(payload.battery)\" }\n")
    ->Iterations(100'000);
BENCHMARK_CAPTURE(rows_written, list,
                  "window = { every = \"1m\" }\ncollect = { l = \"list(payload.battery)\" }\n")
    ->Iterations(100'000);
BENCHMARK_CAPTURE(rows_written, unique, "unique = \"message.id\"\n")->Iterations(100'000);

}  // namespace
}  // namespace sundial

BENCHMARK_MAIN();
