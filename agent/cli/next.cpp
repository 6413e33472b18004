// `sundial next`: when a cron string, an interval or a schedule is due.
#include <istream>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "agent/cli/configuration.hpp"
#include "agent/cli/output_flags.hpp"
#include "agent/cli/verbs.hpp"
#include "agent/core/schedule/compile.hpp"
#include "agent/core/schedule/spec_json.hpp"
#include "agent/core/schedule/transition.hpp"
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
  std::string schedule;
  RunOptions run;
  std::string dst;
  std::string from;
  int count = kDefaultCount;
  bool batch = false;
  OutputOptions output;
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
    for (std::string line; world_.out.good() && std::getline(world_.in, line);) {
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
  return definition;
}

int print_times(World& world, const NextOptions& options, const schedule::CompiledTimes& compiled,
                Instant from) {
  for (const std::string& note : compiled.notes) world.err << "note: " << note << '\n';
  if (const auto note = schedule::next_transition_note(compiled.timetable, from)) {
    world.err << "note: " << *note << '\n';
  }
  const auto times = times_of(compiled.timetable, from, options.count);
  if (options.output.output == "json") {
    world.out << json::write_pretty(Map::of({{Value("times"), List(times.begin(), times.end())}})) << '\n';
    return kExitDone;
  }
  for (const std::string& time : times) {
    world.out << (options.output.output == "jsonl" ? json::write(Map::of({{Value("time"), Value(time)}}))
                                                   : time)
              << '\n';
  }
  if (times.empty()) world.err << "no due time follows\n";
  return kExitDone;
}

// The times that the flags or a schedule of the configuration give.
class Next {
 public:
  Next(World& world, const NextOptions& options) : world_(world), options_(options) {}

  int run() {
    if (options_.crons.empty() && options_.every.empty() && options_.schedule.empty()) {
      return fail("give --cron, --every or --schedule; for example sundial next --cron '0 9 * * mon-fri'",
                  kExitUsage);
    }
    Instant from = world_.now;
    if (!options_.from.empty()) {
      const auto given = parse_rfc3339(options_.from);
      if (!given) return fail("--from: " + given.error().message(), kExitUsage);
      from = *given;
    }
    return options_.schedule.empty() ? of_flags(from) : of_schedule(from);
  }

 private:
  int fail(std::string_view what, int exit_code) {
    world_.err << "sundial next: " << what << '\n';
    return exit_code;
  }

  int of_flags(Instant from) {
    auto definition = definition_of(options_);
    if (!definition) return fail(definition.error().message(), kExitConfiguration);
    return print(*std::move(definition), "", world_.system_time_zone, from);
  }

  int of_schedule(Instant from) {
    auto loaded = load_configuration(world_, options_.run, Purpose::offline);
    if (!loaded) return kExitConfiguration;
    std::vector<std::string_view> known;
    for (model::ScheduleDefinition& definition : loaded->configuration.schedules) {
      if (definition.id == options_.schedule) {
        const model::DeviceSettings& device = loaded->configuration.device;
        return print(std::move(definition), device.name, device.time_zone, from);
      }
      known.push_back(definition.id);
    }
    const auto meant = did_you_mean(options_.schedule, known);
    return fail(fmt::format("the configuration has no schedule '{}'{}", printable(options_.schedule),
                            meant ? fmt::format(", did you mean {}?", *meant) : ""),
                kExitNotFound);
  }

  int print(model::ScheduleDefinition definition, std::string_view device, std::string_view zone,
            Instant from) {
    if (!options_.time_zone.empty()) definition.time_zone = model::Text{options_.time_zone, {}};
    if (!options_.dst.empty()) {
      definition.dst = options_.dst == "once" ? model::DaylightSaving::once : model::DaylightSaving::every;
    }
    schedule::ZoneTables zones(world_.zones);
    std::vector<model::Problem> problems;
    const auto compiled = schedule::compile_times(definition, {device, zone}, zones, problems);
    for (const model::Problem& problem : problems) {
      world_.err << (problem.at.line > 0 ? model::format_problem(problem) : "sundial next: " + problem.what)
                 << '\n';
    }
    return compiled ? print_times(world_, options_, *compiled, from) : kExitConfiguration;
  }

  World& world_;
  const NextOptions& options_;
};

}  // namespace

void add_next(CLI::App& app, World& world, Chosen& chosen) {
  CLI::App* verb =
      app.add_subcommand("next", "Print the next due times of a cron string, interval or schedule");
  auto options = std::make_shared<NextOptions>();
  auto* cron = verb->add_option("--cron", options->crons,
                                "Cron strings of 5, 6 (seconds first) or 7 fields; several are united")
                   ->type_name("EXPRESSION");
  auto* every =
      verb->add_option("--every", options->every, "An interval, such as 90s or 1h30m")->type_name("DURATION");
  verb->add_option("--offset", options->offset, "Where in the interval it is due")
      ->type_name("DURATION")
      ->needs(every);
  verb->add_option("--schedule", options->schedule, "A schedule of the configuration")
      ->type_name("ID")
      ->excludes(every)
      ->excludes(cron);
  add_config_flags(*verb, options->run);
  verb->add_option("--time-zone", options->time_zone,
                   "The zone of the wall clock; default: the schedule's, else the system's");
  verb->add_option("--dst", options->dst,
                   "once: each intended time once; every: each match of the wall clock")
      ->check(CLI::IsMember({"once", "every"}));
  verb->add_option("--from", options->from, "Print times later than this; default: now")->type_name("TIME");
  verb->add_option("--count", options->count, "How many to print")
      ->check(CLI::Range(1, kMaxCount))
      ->capture_default_str();
  verb->add_flag("--batch", options->batch,
                 "Read JSON lines {id, spec, tz, from, count}, answer {id, times} or {id, error}");
  add_output_flags(*verb, options->output);
  verb->callback([&world, &chosen, options] {
    chosen = [&world, options] {
      if (options->batch) return Batch(world).run(), kExitDone;
      return Next(world, *options).run();
    };
  });
}

}  // namespace sundial::cli
