// The agent as a running program: every concrete part, made and joined in one place.
#include "agent/app/service.hpp"

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <ostream>
#include <random>

#include <fmt/format.h>

#include "agent/adapters/http/door.hpp"
#include "agent/adapters/journal/file_journal.hpp"
#include "agent/adapters/mqtt/mqtt_bus.hpp"
#include "agent/adapters/sqlite/sqlite_store.hpp"
#include "agent/adapters/temporal/switch.hpp"
#include "agent/api/api.hpp"
#include "agent/api/errors.hpp"
#include "agent/app/surface.hpp"
#include "agent/cli/configuration.hpp"
#include "agent/cli/version_number.hpp"
#include "agent/config/summary.hpp"
#include "agent/runtime/agent.hpp"
#include "agent/runtime/heartbeat.hpp"
#include "agent/runtime/state_sizes.hpp"
#include "platform/json/json.hpp"
#include "platform/linux/clock.hpp"
#include "platform/linux/disk.hpp"
#include "platform/linux/event_loop.hpp"
#include "platform/linux/log_sink.hpp"
#include "platform/linux/memory.hpp"
#include "platform/linux/signals.hpp"
#include "platform/linux/supervisor.hpp"
#include "platform/linux/thread_worker.hpp"

namespace sundial::app {
namespace {

constexpr Millis kDeliveryAtTheEnd{3'000};
constexpr Millis kEndOfPatience{4'500};  // then the process ends whatever still runs
constexpr Millis kStarting{2'000};       // by then the broker is connected, as a rule
constexpr std::size_t kMaxCertificates = 1024 * 1024;
constexpr int kQuestionThreads = 4;
constexpr int kUpdateThreads = 8;  // each may wait ten seconds

LogSeverity severity_of(model::LogLevel level) {
  switch (level) {
    case model::LogLevel::debug:
      return LogSeverity::debug;
    case model::LogLevel::info:
      return LogSeverity::info;
    case model::LogLevel::warning:
      return LogSeverity::warning;
    case model::LogLevel::error:
      return LogSeverity::error;
  }
  return LogSeverity::info;
}

LogStyle style_of(const model::LogSettings& settings, const config::Environment& environment) {
  if (settings.format == model::LogFormat::json) return LogStyle::json;
  const auto stream = environment.find("JOURNAL_STREAM");
  if (settings.format == model::LogFormat::text || stream == environment.end()) return LogStyle::text;
  return log_style_of_stderr(stream->second);
}

class Service {
 public:
  Service(cli::World& world, const cli::RunOptions& options, config::Loaded loaded,
          std::unique_ptr<LinuxEventLoop> loop)
      : world_(world),
        options_(options),
        loaded_(std::move(loaded)),
        loop_(std::move(loop)),
        sink_(style_of(settings().log, world.environment)),
        log_(sink_, severity_of(settings().log.level), [] { return LinuxClock().now().wall; }),
        supervisor_(make_supervisor(world.environment)) {}

  // An error is one line, and nothing runs.
  Result<void> start();
  int run();

 private:
  const model::Configuration& settings() const { return loaded_.configuration; }

  Result<void> open_state();
  Result<void> start_agent();
  Result<void> open_door();
  Result<std::unique_ptr<Journal>> open_journal(JournalPosition committed, const JournalVisitor& visit,
                                                std::function<std::string()> preamble);
  Result<model::Configuration> read_configuration();
  Result<std::function<void()>> prepare(const model::Configuration& next);
  std::uint64_t spare_room();
  void say_summary();
  void give_back();
  void hear(int signal);
  void reload();
  void stop();
  std::string condition() const;

  cli::World& world_;
  const cli::RunOptions& options_;
  config::Loaded loaded_;
  std::unique_ptr<LinuxEventLoop> loop_;
  StderrLogSink sink_;
  Log log_;
  std::unique_ptr<Supervisor> supervisor_;
  std::unique_ptr<SignalWatch> signals_;
  LinuxClock clock_;
  LinuxDisk disk_;
  runtime::StateSizes sizes_;
  std::unique_ptr<SqliteStore> store_;
  std::unique_ptr<temporal::Switch> temporal_;
  std::unique_ptr<MessageBus> bus_;
  std::unique_ptr<ThreadWorker> store_worker_, callers_, questions_, updates_, watch_worker_;
  std::unique_ptr<runtime::Agent> agent_;
  std::unique_ptr<api::Api> api_;
  std::unique_ptr<http::Door> door_;
  std::unique_ptr<runtime::Heartbeat> heartbeat_;
  bool stopping_ = false;
};

Result<void> Service::start() {
  keep_heaps_few();
  // Before the first thread: all of them have the signals blocked.
  signals_ = std::make_unique<SignalWatch>(*loop_, std::initializer_list<int>{SIGTERM, SIGINT, SIGHUP},
                                           [this](int signal) { hear(signal); });
  for (const std::string& note : loaded_.notes) log_.info("configuration.note", note);
  if (auto opened = open_state(); !opened) return opened;
  if (auto started = start_agent(); !started) return started;
  if (auto opened = open_door(); !opened) return opened;
  say_summary();
  give_back();
  supervisor_->ready();
  heartbeat_ = std::make_unique<runtime::Heartbeat>(*loop_, *supervisor_,
                                                    std::vector<Worker*>{store_worker_.get(), callers_.get()},
                                                    [this] { return condition(); });
  heartbeat_->beat();
  loop_->at(loop_->now().elapsed + kStarting, give_back_start_memory);
  return {};
}

Result<void> Service::open_state() {
  const std::string& path = settings().store.path;
  if (auto made = disk_.make_directory(path); !made) return made;
  const auto room = disk_.room(path);
  if (!room) return room.error();
  sizes_ = runtime::state_sizes(settings().store, settings().mqtt ? settings().mqtt->max_payload : 0, *room);
  if (sizes_.max_size < static_cast<std::uint64_t>(settings().store.max_size)) {
    log_.warning("store.small_disk",
                 "the file system is too small for max_size: its parts are sized for half of it, and little "
                 "free space is a full store",
                 {{"file_system_bytes", room->total}, {"max_size", settings().store.max_size}});
  }
  auto store = SqliteStore::open(disk_, log_,
                                 {.directory = path,
                                  .max_dead_bytes = sizes_.dead,
                                  .max_log_bytes = sizes_.log,
                                  .max_ledger_entries = sizes_.ledger_entries,
                                  .max_entries_of_schedules = sizes_.ledger_entries,
                                  .now = clock_.now().wall});
  if (!store) return store.error();
  store_ = std::move(*store);
  return {};
}

Result<std::unique_ptr<Journal>> Service::open_journal(JournalPosition committed, const JournalVisitor& visit,
                                                       std::function<std::string()> preamble) {
  auto journal = FileJournal::open(disk_, log_,
                                   {.directory = settings().store.path,
                                    .sync_always = !settings().store.sync,
                                    .max_bytes = sizes_.journal,
                                    .segment_bytes = sizes_.segment,
                                    .salt = std::random_device{}(),
                                    .reserve_bytes = sizes_.reserve,
                                    .preamble = std::move(preamble)},
                                   committed, visit);
  if (!journal) return journal.error();
  return std::unique_ptr<Journal>(std::move(*journal));
}

Result<void> Service::start_agent() {
  auto site = temporal::Switch::prepare(settings().temporal, settings().device.name);
  if (!site) return site.error();
  temporal_ = std::make_unique<temporal::Switch>(std::move(*site));
  if (settings().mqtt) bus_ = adapters::make_mqtt_bus(*settings().mqtt, settings().device.name);
  store_worker_ = std::make_unique<ThreadWorker>(*loop_, 1);
  callers_ = std::make_unique<ThreadWorker>(*loop_, settings().temporal.max_connections);
  questions_ = std::make_unique<ThreadWorker>(*loop_, kQuestionThreads);
  updates_ = std::make_unique<ThreadWorker>(*loop_, kUpdateThreads);
  watch_worker_ = std::make_unique<ThreadWorker>(*loop_, 1);
  std::random_device random;
  agent_ = std::make_unique<runtime::Agent>(runtime::AgentParts{
      .loop = *loop_,
      .clock = clock_,
      .log = log_,
      .zones = world_.zones,
      .store = *store_,
      .store_worker = *store_worker_,
      .open_journal =
          [this](JournalPosition committed, const JournalVisitor& visit,
                 std::function<std::string()> preamble) {
            return open_journal(committed, visit, std::move(preamble));
          },
      .bus = bus_.get(),
      .temporal = *temporal_,
      .callers = *callers_,
      .temporal_worker = *questions_,
      .update_worker = *updates_,
      .watch_worker = *watch_worker_,
      .sealer = temporal_.get(),
      .load_configuration = [this] { return read_configuration(); },
      .read_file = [this](const std::string& path) { return world_.files.read(path, kMaxCertificates); },
      .prepare_settings = [this](const model::Configuration& next) { return prepare(next); },
      .version = cli::kVersion,
      .seed = std::uint64_t{random()} << 32U | random(),
      .spare_room = [this] { return spare_room(); },
      .journal_written = [this] { return disk_.written_bytes(); },
      .health_topic = [](const std::string& device) { return adapters::status_prefix(device) + "health"; },
      .give_back_memory = give_back_free_memory,
  });
  std::vector<model::Problem> problems;
  auto started = agent_->start(settings(), problems);
  if (!problems.empty()) {
    cli::print_problems(world_, problems, loaded_.files);
    return Error(ErrorKind::invalid, "the configuration has problems");
  }
  return started;
}

// Where nobody can say how much there is, the disk itself will.
std::uint64_t Service::spare_room() {
  const auto room = disk_.room(settings().store.path);
  if (!room) return UINT64_MAX / 2;
  return room->free - std::min(room->free, sizes_.reserve);
}

Result<void> Service::open_door() {
  if (settings().http.listen.empty()) return {};
  auto surface = surface_settings(settings(), world_.files, disk_, log_);
  if (!surface) return surface.error();
  api_ = std::make_unique<api::Api>(*loop_, *agent_, log_, std::move(*surface));
  door_ = std::make_unique<http::Door>(
      *loop_,
      http::DoorOptions{
          .body_limit = [this](std::string_view path) { return api_->body_limit(path); },
          .refusal = [this](int status, const std::string& reason) { return api_->refusal(status, reason); },
          .tls = {settings().http.tls.cert, settings().http.tls.key},
      });
  return door_->listen(settings().http.listen, [this](HttpRequest request, std::shared_ptr<HttpReply> reply) {
    api_->handle(std::move(request), std::move(reply));
  });
}

Result<model::Configuration> Service::read_configuration() {
  config::Loaded loaded = config::load(cli::sources_of(world_, options_));
  if (!loaded.problems.empty()) {
    config::sort_problems(loaded.problems, loaded.files);
    std::string text;
    for (const model::Problem& problem : loaded.problems) {
      if (!text.empty()) text += '\n';
      text += model::format_problem(problem);
      log_.error("configuration.problem", model::format_problem(problem));
    }
    return Error(ErrorKind::invalid, text);
  }
  return std::move(loaded.configuration);
}

// All that can fail is made before anything is changed.
Result<std::function<void()>> Service::prepare(const model::Configuration& next) {
  auto site = temporal::Switch::prepare(next.temporal, next.device.name);
  if (!site) return site.error();
  auto surface = surface_settings(next, world_.files, disk_, log_);
  if (!surface) return surface.error();
  std::unique_ptr<http::TlsIdentity> identity;
  if (!next.http.tls.cert.empty()) {
    auto loaded = http::TlsIdentity::load({next.http.tls.cert, next.http.tls.key});
    if (!loaded) return loaded.error();
    identity = std::move(*loaded);
  }
  struct Ready {
    std::shared_ptr<temporal::Site> site;
    api::ApiSettings surface;
    std::unique_ptr<http::TlsIdentity> identity;
    int connections;
    LogSeverity severity;
    LogStyle style;
  };
  auto ready = std::make_shared<Ready>(Ready{std::move(*site), std::move(*surface), std::move(identity),
                                             next.temporal.max_connections, severity_of(next.log.level),
                                             style_of(next.log, world_.environment)});
  return std::function<void()>([this, ready] {
    temporal_->use(std::move(ready->site));
    callers_->resize(ready->connections);
    log_.set_least(ready->severity);
    sink_.set_style(ready->style);
    if (!api_) return;
    api_->configure(std::move(ready->surface.gate), std::move(ready->surface.webhook_secrets));
    door_->use(std::move(ready->identity));
  });
}

// The agent has the rules and schedules now, and what reading them took is given back to the system.
void Service::give_back() {
  // Not `= {}`, which keeps the room that a vector has.
  loaded_.configuration.rules = std::vector<model::RuleDefinition>();
  loaded_.configuration.schedules = std::vector<model::ScheduleDefinition>();
  give_back_free_memory();
}

void Service::say_summary() {
  const model::Configuration& now = settings();
  for (const config::Fact& fact : config::summary_of(loaded_, world_.files)) {
    if (fact.alarming) log_.warning("configuration.protection_off", fact.table + "." + fact.key);
  }
  const bool mutual = !now.temporal.tls.cert.empty();
  const bool key = !now.temporal.api_key.empty() || !now.temporal.api_key_file.empty();
  log_.info("agent.started", "Sundial runs",
            {{"version", cli::kVersion},
             {"device", now.device.name},
             {"temporal", now.temporal.addresses.empty() ? "none" : now.temporal.addresses.front()},
             {"namespace", now.temporal.name_space},
             {"task_queue", now.temporal.task_queue},
             {"authentication", key      ? "API key"
                                : mutual ? "mTLS"
                                         : "none"},
             {"broker", now.mqtt ? now.mqtt->url : "none"},
             {"http", door_ ? door_->local_address() : "none"},
             {"state", now.store.path},
             {"rules", now.rules.size()},
             {"schedules", now.schedules.size()}});
}

void Service::hear(int signal) {
  if (signal == SIGHUP) return reload();
  if (stopping_) std::_Exit(cli::kExitFailed);  // asked twice: at once
  stop();
}

void Service::reload() {
  supervisor_->reloading();
  agent_->reload([this](const Result<std::vector<std::string>>&) { supervisor_->ready(); });
}

void Service::stop() {
  stopping_ = true;
  supervisor_->stopping();
  log_.info("agent.stopping", "no more messages are taken; what waits is sent as far as it goes");
  loop_->at(loop_->now().elapsed + kEndOfPatience, [] { std::_Exit(cli::kExitDone); });
  if (door_) door_->stop();
  agent_->stop(kDeliveryAtTheEnd, [this] { loop_->stop(); });
}

// What `systemctl status` shows.
std::string Service::condition() const {
  const api::AgentStatus now = agent_->status();
  return fmt::format("{}; {} waiting to be sent{}", now.ready ? "ready" : "not ready: " + now.reason,
                     now.outbox.entries,
                     now.outbox.dead > 0 ? fmt::format(", {} dead letters", now.outbox.dead) : "");
}

int Service::run() {
  loop_->run();
  log_.flush_repeats();
  // All is committed. Threads may sit in calls that only their deadlines end, and a message that must
  // not be acknowledged in one that must not return at all: the process ends under them.
  if (bus_) bus_->stop();
  log_.info("agent.stopped", "Sundial has stopped");
  std::_Exit(cli::kExitDone);
}

}  // namespace

int run_agent(cli::World& world, const cli::RunOptions& options) {
  auto loaded = cli::load_configuration(world, options, cli::Purpose::agent);
  if (!loaded) return cli::kExitConfiguration;
  auto loop = LinuxEventLoop::create();
  if (!loop) {
    world.err << "sundial: " << loop.error().message() << '\n';
    return cli::kExitFailed;
  }
  Service service(world, options, std::move(*loaded), std::move(*loop));
  if (auto started = service.start(); !started) {
    world.err << "sundial: " << started.error().message() << std::endl;
    std::_Exit(started.error().kind() == ErrorKind::invalid ? cli::kExitConfiguration : cli::kExitFailed);
  }
  return service.run();
}

}  // namespace sundial::app
