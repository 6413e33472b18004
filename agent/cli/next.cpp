// `sundial next`: when a cron string, an interval or a schedule is due.
#include <istream>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "agent/cli/verbs.hpp"
#include "agent/core/schedule/compile.hpp"
#include "agent/core/schedule/spec_json.hpp"
#include "platform/base/text.hpp"
#include "platform/json/json.hpp"

namespace sundial::cli {
namespace {

constexpr int kMaxCount = 100'000;
constexpr int kDefaultCount = 10;

struct NextOptions {
  std::vector<std::string> crons;
  std::string every;
  std::string offset;
  std::string time_zone;
  std::string dst = "once";
  std::string from;
  int count = kDefaultCount;
  bool batch = false;
  bool json = false;
  std::string output = "text";
};

std::string joined(const std::vector<model::Problem>& problems) {
  std::string text;
  for (const model::Problem& problem : problems) text += (text.empty() ? "" : "; ") + problem.what;
  return text;
}

std::vector<std::string> times_of(const schedule::Timetable& timetable, Instant from, std::int64_t count) {
  std::vector<std::string> times;
  auto due = timetable.next(from);
  for (; due && count > 0; --count, due = timetable.next(*due)) {
    times.push_back(schedule::format_in_zone(timetable.fire_time(*due), timetable.zone()));
  }
  return times;
}

// One line of a batch, answered.
class Batch {
 public:
  explicit Batch(World& world) : world_(world), zones_(world.zones) {}

  void run() {
    for (std::string line; std::getline(world_.in, line);) {
      world_.out << json::write(answer(line)) << '\n';
      if (world_.in.rdbuf()->in_avail() <= 0) world_.out.flush();  // who asks line by line waits for this
    }
  }

 private:
  Value answer(std::string_view line) {
    const auto request = json::parse(line);
    const Value* id = request ? request->find("id") : nullptr;
    Map reply;
    reply.set("id", id != nullptr ? *id : Value());
    const auto times = request ? times_for(*request) : Result<List>(request.error());
    if (times) {
      reply.set("times", *times);
    } else {
      reply.set("error", times.error().message());
    }
    return reply;
  }

  Result<List> times_for(const Value& request) {
    const Value* spec = request.find("spec");
    if (spec == nullptr)
      return Error(ErrorKind::invalid, "a line needs a spec, such as {\"cron\": \"0 9 * * *\"}");
    auto definition = schedule::read_spec(*spec);
    if (!definition) return definition.error();
    const auto from = read_from(request);
    if (!from) return from.error();
    const auto count = read_count(request);
    if (!count) return count.error();
    std::string zone = world_.system_time_zone;
    if (const Value* named = request.find("tz")) {
      if (named->text() == nullptr)
        return Error(ErrorKind::invalid, "tz: a text is expected, such as Europe/Berlin");
      zone = *named->text();
    }
    std::vector<model::Problem> problems;
    const auto compiled = schedule::compile_times(*definition, {"", zone}, zones_, problems);
    if (!compiled) return Error(ErrorKind::invalid, joined(problems));
    List times;
    for (std::string& time : times_of(compiled->timetable, *from, *count))
      times.emplace_back(std::move(time));
    return times;
  }

  Result<Instant> read_from(const Value& request) const {
    const Value* from = request.find("from");
    if (from == nullptr) return world_.now;
    if (from->text() == nullptr)
      return Error(ErrorKind::invalid, "from: a time is expected, such as 2026-01-31T08:00:00Z");
    const auto instant = parse_rfc3339(*from->text());
    if (!instant) return instant.error().within("from");
    return *instant;
  }

  static Result<std::int64_t> read_count(const Value& request) {
    const Value* count = request.find("count");
    if (count == nullptr || count->is_null()) return kDefaultCount;
    const std::int64_t* number = count->get_if<std::int64_t>();
    if (number == nullptr || *number < 0 || *number > kMaxCount) {
      return Error(ErrorKind::invalid, fmt::format("count: a number from 0 to {} is expected", kMaxCount));
    }
    return *number;
  }

  World& world_;
  schedule::ZoneTables zones_;
};

// What the flags say, as a definition; errors name the flag.
Result<model::ScheduleDefinition> definition_of(const NextOptions& options) {
  model::ScheduleDefinition definition;
  for (const std::string& cron : options.crons) definition.crons.push_back({cron, {}});
  if (!options.every.empty()) {
    const auto every = parse_duration(options.every);
    if (!every) return every.error().within("--every");
    const auto offset = parse_duration(options.offset.empty() ? "0s" : options.offset);
    if (!offset) return offset.error().within("--offset");
    definition.intervals.push_back({*every, *offset, {}});
  }
  definition.dst = options.dst == "once" ? model::DaylightSaving::once : model::DaylightSaving::every;
  return definition;
}

int print_times(World& world, const NextOptions& options, const schedule::CompiledTimes& compiled,
                Instant from) {
  for (const std::string& note : compiled.notes) world.err << "note: " << note << '\n';
  const auto times = times_of(compiled.timetable, from, options.count);
  if (options.output == "json") {
    world.out << json::write_pretty(Map::of({{Value("times"), List(times.begin(), times.end())}})) << '\n';
    return kExitDone;
  }
  for (const std::string& time : times) {
    world.out << (options.output == "jsonl" ? json::write(Map::of({{Value("time"), Value(time)}})) : time)
              << '\n';
  }
  if (times.empty()) world.err << "no due time follows\n";
  return kExitDone;
}

int run_next(World& world, const NextOptions& options) {
  if (options.batch) return Batch(world).run(), kExitDone;
  if (options.crons.empty() && options.every.empty()) {
    world.err << "sundial next: give --cron, --every or --schedule; for example sundial next --cron '0 9 * * "
                 "mon-fri'\n";
    return kExitUsage;
  }
  Instant from = world.now;
  if (!options.from.empty()) {
    const auto given = parse_rfc3339(options.from);
    if (!given) {
      world.err << "sundial next: --from: " << given.error().message() << '\n';
      return kExitUsage;
    }
    from = *given;
  }
  const auto definition = definition_of(options);
  if (!definition) {
    world.err << "sundial next: " << definition.error().message() << '\n';
    return kExitConfiguration;
  }
  schedule::ZoneTables zones(world.zones);
  std::vector<model::Problem> problems;
  const std::string zone = options.time_zone.empty() ? world.system_time_zone : options.time_zone;
  const auto compiled = schedule::compile_times(*definition, {"", zone}, zones, problems);
  for (const model::Problem& problem : problems) world.err << "sundial next: " << problem.what << '\n';
  return compiled ? print_times(world, options, *compiled, from) : kExitConfiguration;
}

}  // namespace

void add_next(CLI::App& app, World& world, Chosen& chosen) {
  CLI::App* verb =
      app.add_subcommand("next", "Print the next due times of a cron string, interval or schedule");
  auto options = std::make_shared<NextOptions>();
  verb->add_option("--cron", options->crons,
                   "A cron string of 5, 6 (seconds first) or 7 fields; may be repeated")
      ->type_name("EXPRESSION")
      ->allow_extra_args(false);
  auto* every =
      verb->add_option("--every", options->every, "An interval, such as 90s or 1h30m")->type_name("DURATION");
  verb->add_option("--offset", options->offset, "Where in the interval it is due")
      ->type_name("DURATION")
      ->needs(every);
  verb->add_option("--time-zone", options->time_zone, "The zone of the wall clock; default: the system's");
  verb->add_option("--dst", options->dst,
                   "once: each intended time once; every: each match of the wall clock")
      ->check(CLI::IsMember({"once", "every"}));
  verb->add_option("--from", options->from, "Print times later than this; default: now")->type_name("TIME");
  verb->add_option("--count", options->count, "How many to print")
      ->check(CLI::Range(1, kMaxCount))
      ->capture_default_str();
  verb->add_flag("--batch", options->batch,
                 "Read JSON lines {id, spec, tz, from, count}, answer {id, times} or {id, error}");
  verb->add_option("--output", options->output, "text, json or jsonl")
      ->check(CLI::IsMember({"text", "json", "jsonl"}));
  verb->add_flag("--json", options->json, "Short for --output json");
  verb->callback([&world, &chosen, options] {
    if (options->json) options->output = "json";
    chosen = [&world, options] { return run_next(world, *options); };
  });
}

}  // namespace sundial::cli
