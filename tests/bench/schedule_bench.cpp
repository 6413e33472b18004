// What schedules cost: the next due time, 10,000 of them in memory, and a hundred due in one second.
// Prints; asserts nothing. --benchmark_format=json for scripts.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "agent/config/definitions.hpp"
#include "agent/core/engine/engine.hpp"
#include "agent/core/schedule/compile.hpp"
#include "agent/core/schedule/spec_json.hpp"
#include "platform/json/json.hpp"
#include "platform/zones/zones.hpp"

namespace sundial::schedule {
namespace {

using Nanoseconds = double;

struct Case {
  Timetable timetable;
  Instant from;
  std::string text;
};

const ZoneSource& zone_source() {
  static const std::unique_ptr<ZoneSource> source = system_zones();
  return *source;
}

ZoneTables& zones() {
  static ZoneTables tables(zone_source());
  return tables;
}

std::optional<Timetable> compiled(const model::ScheduleDefinition& definition, std::string_view zone) {
  std::vector<model::Problem> problems;
  auto times = compile_times(definition, {"", zone}, zones(), problems);
  if (!times) return std::nullopt;
  return std::move(times->timetable);
}

// The right ones of the corpus, each with its own instant.
const std::vector<Case>& examples() {
  static const std::vector<Case> cases = [] {
    std::vector<Case> read;
    std::ifstream file(SUNDIAL_BENCH_DATA "/cron/examples.jsonl");
    for (std::string line; std::getline(file, line);) {
      const auto example = json::parse(line);
      if (!example || example->find("expect")->text() != nullptr) continue;
      const auto definition = read_spec(*example->find("spec"));
      auto timetable = definition ? compiled(*definition, *example->find("tz")->text()) : std::nullopt;
      if (!timetable) continue;
      read.push_back({*std::move(timetable), parse_rfc3339(*example->find("from")->text()).value(),
                      json::write(*example->find("spec")) + " " + *example->find("tz")->text()});
    }
    return read;
  }();
  return cases;
}

// One call's time: the best of a few, so that it is the call's and not that of what else runs.
Nanoseconds time_of(const Case& one) {
  constexpr int kTries = 5;
  auto best = std::chrono::steady_clock::duration::max();
  for (int i = 0; i < kTries; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    benchmark::DoNotOptimize(one.timetable.next(one.from));
    best = std::min(best, std::chrono::steady_clock::now() - begin);
  }
  return std::chrono::duration<double, std::nano>(best).count();
}

void tell(benchmark::State& state, std::vector<Nanoseconds> times, const std::string& worst) {
  std::sort(times.begin(), times.end());
  state.counters["median_ns"] = times[times.size() / 2];
  state.counters["p99_ns"] = times[times.size() * 99 / 100];
  state.counters["worst_ns"] = times.back();
  state.SetLabel(worst);
}

// Instants change from call to call, as they do for a schedule that lives.
void next_of_examples(benchmark::State& state) {
  const std::vector<Case>& cases = examples();
  std::size_t i = 0;
  for (auto _ : state) {
    const Case& one = cases[i++ % cases.size()];
    benchmark::DoNotOptimize(one.timetable.next(one.from));
  }
  std::vector<Nanoseconds> times;
  const Case* worst = &cases.front();
  Nanoseconds longest = 0;
  for (const Case& one : cases) {
    times.push_back(time_of(one));
    if (times.back() > longest) worst = &one;
    longest = std::max(longest, times.back());
  }
  tell(state, std::move(times), worst->text);
}
BENCHMARK(next_of_examples)->Name("schedule/next/examples");

std::vector<std::string> all_zones() {
  std::vector<std::string> names;
  const std::filesystem::path root = "/usr/share/zoneinfo";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    const std::string name = entry.path().lexically_relative(root).string();
    if (entry.is_regular_file() && !name.starts_with("posix") && !name.starts_with("right") &&
        name[0] >= 'A' && name[0] <= 'Z') {
      names.push_back(name);
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

// Rare days, a day that both must match, and fields that make the search look far.
constexpr const char* kHard[] = {"0 0 29 2 *",         "30 2 29 2 */7",     "0 0 29 2 1",
                                 "0 0 L-30 2-12 *",    "59 59 23 31 12 *",  "0 0 30 4 *",
                                 "0 0 31W * *",        "0 0 * 2 1#5",       "30 2 * * *",
                                 "0 0 0 29 2 */7 */4", "0 0 0 29 2 ? 2196", "*/7 */11 */5 */13 */3 *",
                                 "30 2 * 3 0#2",       "30 2 ? 3 0L"};

void next_of_the_worst(benchmark::State& state) {
  std::mt19937 random(7);
  std::vector<Case> cases;
  for (const std::string& zone : all_zones()) {
    for (const char* cron : kHard) {
      for (const bool once : {true, false}) {
        model::ScheduleDefinition definition;
        definition.crons.push_back({cron, {}});
        definition.dst = once ? model::DaylightSaving::once : model::DaylightSaving::every;
        auto timetable = compiled(definition, zone);
        if (!timetable) continue;
        for (int i = 0; i < 3; ++i) {
          const auto from = Millis{std::uniform_int_distribution<std::int64_t>(0, 4'102'444'800'000)(random)};
          cases.push_back({*timetable, Instant{from}, std::string(cron) + " " + zone});
        }
      }
    }
  }
  std::size_t i = 0;
  for (auto _ : state) {
    const Case& one = cases[i++ % cases.size()];
    benchmark::DoNotOptimize(one.timetable.next(one.from));
  }
  std::vector<Nanoseconds> times;
  std::string worst;
  Nanoseconds longest = 0;
  for (const Case& one : cases) {
    times.push_back(time_of(one));
    if (times.back() > longest) worst = one.text + " from " + format_rfc3339(one.from, Fraction::when_needed);
    longest = std::max(longest, times.back());
  }
  tell(state, std::move(times), worst);
}
BENCHMARK(next_of_the_worst)->Name("schedule/next/worst_of_any_zone");

void refuse_what_never_fires(benchmark::State& state) {
  model::ScheduleDefinition definition;
  definition.crons.push_back({"0 0 31 2 *", {}});
  for (auto _ : state) benchmark::DoNotOptimize(compiled(definition, "Europe/Berlin"));
}
BENCHMARK(refuse_what_never_fires)->Name("schedule/parse/never_fires");

model::Configuration many(int count, const std::string& cron) {
  model::Configuration configuration;
  configuration.device = {"pi", "Europe/Berlin", std::chrono::minutes{5}};
  for (int i = 0; i < count; ++i) {
    Map body = *json::parse(R"({"start":{"workflow":"DeviceHealth","args":[{"due":"{schedule.time}"}]}})")
                    .value()
                    .get_if<Map>();
    body.set("cron", cron);
    body.set("overlap", "allow_all");
    std::vector<model::Problem> problems;
    configuration.schedules.push_back(
        config::read_schedule(fmt::format("s{}", i), Value(body), problems).value());
  }
  return configuration;
}

void ten_thousand(benchmark::State& state) {
  const model::Configuration configuration = many(10'000, "H H * * *");
  for (auto _ : state) {
    const auto before = static_cast<double>(::mallinfo2().uordblks);
    std::vector<model::Problem> problems;
    const auto engine = engine::Engine::create(configuration, zone_source(), problems);
    const Moment now{parse_rfc3339("2026-03-01T00:00:00Z").value(), Elapsed{Millis{1000}}};
    engine->begin(now);
    model::Effects effects;
    engine->take(model::ClockTrust{true}, now, effects);
    benchmark::DoNotOptimize(engine->next_wake());
    state.counters["engine_bytes"] = static_cast<double>(::mallinfo2().uordblks) - before;
  }
}
BENCHMARK(ten_thousand)->Name("schedule/start/10000")->Unit(benchmark::kMillisecond);

void hundred_a_second(benchmark::State& state) {
  std::vector<model::Problem> problems;
  const auto engine = engine::Engine::create(many(100, "* * * * * *"), zone_source(), problems);
  Moment now{parse_rfc3339("2026-03-01T00:00:00Z").value(), Elapsed{Millis{1000}}};
  engine->begin(now);
  model::Effects effects;
  engine->take(model::ClockTrust{true}, now, effects);
  for (auto _ : state) {
    now.wall += std::chrono::seconds{1};
    now.elapsed += std::chrono::seconds{1};
    effects = {};
    engine->advance(now, effects);
    benchmark::DoNotOptimize(engine->collect());
  }
  state.counters["fired"] = static_cast<double>(effects.records.size());
}
BENCHMARK(hundred_a_second)->Name("schedule/fire/100_at_once")->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace sundial::schedule

BENCHMARK_MAIN();
