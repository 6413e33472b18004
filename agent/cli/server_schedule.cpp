// `sundial schedule … --on server`: the same flags, as Temporal Schedules.
#include <ostream>

#include "agent/cli/configuration.hpp"
#include "agent/cli/schedule_verbs.hpp"
#include "agent/config/definitions.hpp"
#include "agent/core/schedule/compile.hpp"
#include "agent/core/schedule/server_form.hpp"
#include "agent/ports/schedule_service.hpp"
#include "platform/base/text.hpp"

namespace sundial::cli {
namespace {

constexpr std::size_t kMostListed = 100'000;
constexpr std::string_view kDueTime = "-{schedule.time}";

class ServerVerbs {
 public:
  ServerVerbs(World& world, const ScheduleOptions& options, const model::Configuration& configuration,
              ScheduleService& service)
      : world_(world),
        options_(options),
        configuration_(configuration),
        service_(service),
        session_(world, options_.session) {}

  int run(const std::string& verb) {
    if (verb == "create") return create();
    if (verb == "list") return list();
    if (verb == "describe") return describe();
    if (verb == "pause") return answer(service_.pause(id(), options_.note), "paused");
    if (verb == "unpause") return answer(service_.unpause(id(), options_.note), "goes on");
    if (verb == "trigger") return trigger();
    if (verb == "backfill") return backfill();
    if (verb == "update") return update();
    return answer(service_.remove(id()), "deleted");
  }

 private:
  const std::string& id() const { return options_.flags.id; }

  int usage(const std::string& what) {
    world_.err << "sundial: " << what << '\n';
    return kExitUsage;
  }
  int refused(const Error& error) {
    world_.err << "sundial: " << error.message() << '\n';
    return error.kind() == ErrorKind::invalid ? kExitFailed : meaning_of(error.kind()).exit_code;
  }
  int answer(const Result<void>& done, const std::string& did) {
    if (!done) return refused(done.error());
    return session_.done(Map::of({{Value("schedule_id"), Value(id())}, {Value("status"), Value(did)}}),
                         "schedule " + printable(id()) + " " + did + " on the server");
  }

  // The server puts the due time behind the id by itself.
  static Result<void> for_the_server(Map& body) {
    Value* start = body.find("start");
    Map* table = start == nullptr ? nullptr : start->get_if<Map>();
    Value* named = table == nullptr ? nullptr : table->find("id");
    if (named == nullptr || named->text() == nullptr) return {};
    std::string text = *named->text();
    if (text.ends_with(kDueTime)) text.resize(text.size() - kDueTime.size());
    if (text.find('{') != std::string::npos) {
      return Error(
          ErrorKind::invalid,
          "--workflow-id: the server fills in no templates; it puts the due time at the end by itself");
    }
    *named = Value(std::move(text));
    return {};
  }

  // Refuses what the device would refuse, puts cron strings into the server's form, and says what is
  // otherwise there. False: it said why not.
  bool translate(Map& body) {
    std::vector<model::Problem> problems;
    const auto definition = config::read_schedule(id(), Value(body), problems);
    schedule::ZoneTables zones(world_.zones);
    const model::DeviceSettings& device = configuration_.device;
    const auto times =
        definition && problems.empty()
            ? schedule::compile_times(*definition, {device.name, device.time_zone}, zones, problems)
            : std::nullopt;
    for (const model::Problem& problem : problems) world_.err << model::format_problem(problem) << '\n';
    if (!times) return false;
    const auto form = schedule::server_form(*definition, times->timetable, world_.now);
    if (!form) {
      world_.err << "sundial: " << form.error().message() << '\n';
      return false;
    }
    for (const std::string& note : form->notes) world_.err << "note: " << note << '\n';
    if (!form->crons.empty()) body.set("cron", List(form->crons.begin(), form->crons.end()));
    return true;
  }

  int create() {
    Result<Map> body = schedule_body(options_.flags, {});
    if (!body) return usage(body.error().message());
    if (body->find("start") == nullptr) return usage("--type is missing: the workflow to start");
    if (!says_when(*body)) return usage("give --cron, --interval or --calendar");
    if (const Result<void> fits = for_the_server(*body); !fits) return usage(fits.error().message());
    if (body->find("time_zone") == nullptr) body->set("time_zone", configuration_.device.time_zone);
    if (!translate(*body)) return kExitConfiguration;
    return answer(service_.create(id(), *body), "created");
  }

  int update() {
    const Result<Map> present = service_.describe(id());
    if (!present) return refused(present.error());
    const Value* start = present->find("start");
    const std::string type = start == nullptr ? "" : text_at(*start, "workflow");
    Map former;
    former.set("workflow", type);
    Result<Map> body = schedule_body(options_.flags, former);
    if (!body) return usage(body.error().message());
    if (body->empty()) return usage("nothing to change was given");
    if (const Result<void> fits = for_the_server(*body); !fits) return usage(fits.error().message());
    const bool times =
        body->find("cron") != nullptr || body->find("calendar") != nullptr || body->find("every") != nullptr;
    if (times) {
      Map whole = *body;
      if (whole.find("start") == nullptr) whole.set("start", former);
      const std::string zone =
          present->find("time_zone") == nullptr ? "" : *present->find("time_zone")->text();
      if (whole.find("time_zone") == nullptr) whole.set("time_zone", zone.empty() ? "UTC" : zone);
      if (!translate(whole)) return kExitConfiguration;
      if (const Value* cron = whole.find("cron")) body->set("cron", *cron);
    }
    return answer(service_.update(id(), *body), "updated");
  }

  int list() {
    const Result<List> all = service_.list(kMostListed);
    if (!all) return refused(all.error());
    return session_.show(*all, {column("SCHEDULE", "id"),
                                column("WORKFLOW", "start.workflow"),
                                column("PAUSED", "paused"),
                                {"NEXT", [this](const Value& schedule) {
                                   const Value* next = schedule.find("next");
                                   const List* times = next == nullptr ? nullptr : next->get_if<List>();
                                   if (times == nullptr || times->empty()) return std::string();
                                   const std::string& first = *times->front().text();
                                   return first + " (" + relative_time(world_.now, first) + ")";
                                 }}});
  }

  int describe() {
    const Result<Map> schedule = service_.describe(id());
    return schedule ? session_.show(Value(*schedule)) : refused(schedule.error());
  }

  // "" where none was given.
  Result<std::string> overlap() const {
    if (options_.flags.overlap.empty()) return std::string();
    return overlap_policy(options_.flags.overlap);
  }

  int trigger() {
    const Result<std::string> policy = overlap();
    if (!policy) return usage(policy.error().message());
    const Result<bool> started = service_.trigger(id(), *policy);
    if (!started) return refused(started.error());
    if (!*started) {
      world_.err
          << "note: no run of it is to be seen yet; its overlap policy may have kept it from starting\n";
    }
    return answer({}, "triggered");
  }

  int backfill() {
    if (options_.wait) return usage("--wait is for schedules on the device");
    const Result<std::string> policy = overlap();
    if (!policy) return usage(policy.error().message());
    const Result<Instant> start = parse_rfc3339(options_.flags.start_time);
    if (!start) return usage("--start-time: " + start.error().message());
    const Result<Instant> end = parse_rfc3339(options_.flags.end_time);
    if (!end) return usage("--end-time: " + end.error().message());
    if (*end < *start) return usage("--end-time is before --start-time");
    return answer(service_.backfill(id(), *start, *end, *policy), "is backfilled");
  }

  World& world_;
  const ScheduleOptions& options_;
  const model::Configuration& configuration_;
  ScheduleService& service_;
  Session session_;
};

}  // namespace

int run_on_server(World& world, const std::string& verb, ScheduleOptions options) {
  options.temporal.run = options.session.run;
  const auto loaded = load_for_temporal(world, options.temporal);
  if (!loaded) return kExitConfiguration;
  if (!world.open_server_schedules) {
    world.err << "this program has no way to Temporal\n";
    return kExitUnreachable;
  }
  const auto service = world.open_server_schedules(loaded->configuration);
  if (!service) {
    world.err << service.error().message() << '\n';
    return kExitConfiguration;
  }
  return ServerVerbs(world, options, loaded->configuration, **service).run(verb);
}

}  // namespace sundial::cli
