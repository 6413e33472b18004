// `sundial doctor`: looks at all that goes wrong on an owner's desk, and says for each what to do.
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <ostream>

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "agent/cli/configuration.hpp"
#include "agent/cli/output_flags.hpp"
#include "agent/cli/verbs.hpp"
#include "agent/config/reader.hpp"
#include "agent/config/summary.hpp"
#include "platform/base/text.hpp"
#include "platform/json/json.hpp"

namespace sundial::cli {
namespace {

namespace fs = std::filesystem;

enum class Verdict { good, doubtful, bad };

struct Finding {
  std::string subject;
  Verdict verdict = Verdict::good;
  std::string what;
  std::string remedy;  // empty where nothing is to be done
};

std::string_view word_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::good:
      return "ok";
    case Verdict::doubtful:
      return "look";
    case Verdict::bad:
      return "bad";
  }
  return "";
}

struct DoctorOptions {
  RunOptions run;
  OutputOptions output;
};

// Goes through the checks in the order in which one fault causes the next.
class Doctor {
 public:
  Doctor(World& world, const RunOptions& options) : world_(world), options_(options) {}

  std::vector<Finding> examine() {
    const config::Loaded loaded = config::load(sources_of(world_, options_));
    configuration(loaded);
    clock();
    zones(loaded.configuration);
    state(loaded.configuration.store);
    protections(loaded.configuration);
    if (loaded.problems.empty()) connections(loaded.configuration);
    return std::move(findings_);
  }

 private:
  void add(std::string subject, Verdict verdict, std::string what, std::string remedy = "") {
    findings_.push_back({std::move(subject), verdict, std::move(what), std::move(remedy)});
  }

  void configuration(const config::Loaded& loaded) {
    for (const model::Problem& problem : loaded.problems) {
      add("configuration", Verdict::bad, model::format_problem(problem),
          "correct it there; nothing starts with it");
    }
    for (const std::string& note : loaded.notes) {
      add("configuration", Verdict::doubtful, note, "write the address that is meant, if it is not this one");
    }
    if (!loaded.problems.empty()) return;
    std::string files;
    for (const std::string& file : loaded.files) files += (files.empty() ? "" : ", ") + file;
    add("configuration", Verdict::good,
        files.empty() ? "no file: the defaults hold" : fmt::format("{} can be loaded", files));
    if (loaded.configuration.rules.empty() && loaded.configuration.schedules.empty()) {
      add("configuration", Verdict::doubtful, "there are neither rules nor schedules",
          "add a [rule.NAME] or a [schedule.NAME]; man sundial.toml has all keys");
    }
  }

  void clock() {
    // Any instant before this program was written: a board without a clock of its own, just booted.
    const Instant written = std::chrono::sys_days{std::chrono::year{2025} / 1 / 1};
    const std::string shown = format_rfc3339(world_.now, Fraction::when_needed);
    if (world_.now < written) {
      add("clock", Verdict::bad, fmt::format("the clock says {}", shown),
          "connect to a network and run: timedatectl set-ntp true; calendar schedules wait for it meanwhile");
    } else if (world_.files.exists("/run/systemd/timesync/synchronized")) {
      add("clock", Verdict::good, fmt::format("{}, set by a time server", shown));
    } else {
      add("clock", Verdict::doubtful,
          fmt::format("{}, but systemd-timesyncd has not set it since the boot", shown),
          "timedatectl shows whether another service keeps the time; else run: timedatectl set-ntp true");
    }
  }

  void zones(const model::Configuration& configuration) {
    const auto zone = world_.zones.find(configuration.device.time_zone);
    if (!zone) {
      add("time zones", Verdict::bad, zone.error().message(),
          "install tzdata, or correct [device] time_zone");
      return;
    }
    add("time zones", Verdict::good, fmt::format("{} is known", configuration.device.time_zone));
  }

  void state(const model::StoreSettings& store) {
    std::error_code problem;
    fs::path place = store.path;
    const bool exists = fs::is_directory(place, problem);
    if (!exists && fs::exists(place, problem)) {
      add("state", Verdict::bad, fmt::format("{} is no folder", store.path),
          "move it away, or set [store] path");
      return;
    }
    if (exists) {
      constexpr fs::perms others = fs::perms::group_all | fs::perms::others_all;
      const fs::perms mode = fs::status(place, problem).permissions();
      if (!problem && (mode & others) != fs::perms::none) {
        add("state", Verdict::doubtful, fmt::format("{} is open to other users", store.path),
            fmt::format("run: chmod 700 {}", store.path));
      }
    }
    if (exists) writing(store.path);
    while (!place.empty() && !fs::exists(place, problem)) place = place.parent_path();
    wear(place.empty() ? "." : place.string());
    const fs::space_info space = fs::space(place.empty() ? fs::path(".") : place, problem);
    if (problem) {
      add("state", Verdict::bad, fmt::format("{}: {}", store.path, problem.message()),
          "make the folder for the user that runs sundial, or set [store] path");
      return;
    }
    const auto free = static_cast<std::int64_t>(space.available >> 20U << 20U);
    // Beside what waits: the dead letters' tenth, the ledger, and SQLite's room to turn.
    const bool enough = free > 2 * store.max_size;
    add("state", enough ? Verdict::good : Verdict::bad,
        fmt::format("{} has {} free for at most {} that wait", store.path, config::format_size(free),
                    config::format_size(store.max_size)),
        enough ? "" : "free some space, or lower [store] max_size");
  }

  void protections(const model::Configuration& configuration) {
    const auto unverified = [this](const char* table) {
      add(table, Verdict::bad, "the server's certificate is not verified",
          fmt::format("give [{0}] tls.ca the authority's certificate and take verify_host = false away",
                      table));
    };
    if (!configuration.temporal.tls.verify_host) unverified("temporal");
    if (!configuration.mqtt) return;
    if (!configuration.mqtt->tls.verify_host) unverified("mqtt");
    if (configuration.mqtt->session_expiry == Millis{0}) {
      add("mqtt", Verdict::doubtful, "session_expiry is 0s: the broker keeps nothing while the agent is away",
          "leave session_expiry out for its default of seven days");
    }
    if (configuration.mqtt->version == 3) {
      add("mqtt", Verdict::doubtful,
          "MQTT 3.1.1 has no maximum packet size: a larger payload is taken into memory before it is refused",
          "use version = 5 where the broker speaks it, or bound messages in the broker (message_size_limit)");
    }
  }

  void connections(const model::Configuration& configuration) {
    if (!world_.try_connections) return;
    for (const ConnectionTrial& trial : world_.try_connections(configuration)) {
      if (trial.problem.empty()) {
        add(trial.name, Verdict::good, "reached");
        if (trial.clock_lead) skew(trial.name, *trial.clock_lead);
      } else {
        add(trial.name, Verdict::bad, trial.problem, remedy_for(trial));
      }
    }
  }

  // A server tells its time to a second; a broker tells none.
  void skew(const std::string& name, Millis lead) {
    constexpr Millis kHarmless = std::chrono::seconds{3};
    const bool ahead = lead > Millis{0};
    const Millis off = std::chrono::round<std::chrono::seconds>(ahead ? lead : -lead);
    if (off <= kHarmless) return add("clock", Verdict::good, fmt::format("agrees with that of {}", name));
    add("clock", Verdict::doubtful,
        fmt::format("{} is {} {} this device", name, format_duration(off), ahead ? "ahead of" : "behind"),
        "one of the two is wrong: timedatectl here, and there; run: timedatectl set-ntp true");
  }

  // What an eMMC tells of its wear, in tenths of its life; SD cards tell nothing.
  void wear(const std::string& place) {
    struct stat status {};
    if (stat(place.c_str(), &status) != 0) return;
    const std::string device =
        fmt::format("/sys/dev/block/{}:{}", major(status.st_dev), minor(status.st_dev));
    for (const char* disk : {"", "/.."}) {
      const auto life = world_.files.read(device + disk + "/device/life_time", 64);
      if (!life) continue;
      int tenths = 0;
      for (const std::string_view part : split(trim(*life), ' ')) {
        int value = 0;
        const std::string_view digits = part.substr(std::min<std::size_t>(part.size(), 2));  // "0x03"
        std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
        tenths = std::max(tenths, value);
      }
      const Verdict verdict = tenths >= 10 ? Verdict::bad : tenths >= 8 ? Verdict::doubtful : Verdict::good;
      return add("disk", verdict, fmt::format("has used up to {} % of its life", tenths * 10),
                 verdict == Verdict::good ? "" : "copy the state with sundial backup, and replace the disk");
    }
    add("disk", Verdict::good,
        "tells nothing of its wear; the status page shows what is written to it a day");
  }

  // As a start would: a folder that can be listed is not yet one that can be written.
  void writing(const std::string& folder) {
    const fs::path trial = fs::path(folder) / fmt::format(".doctor-{}", getpid());
    std::ofstream file(trial);
    file << "x" << std::flush;
    const bool written = file.good();
    file.close();
    std::error_code ignored;
    fs::remove(trial, ignored);
    if (written) return add("state", Verdict::good, fmt::format("{} can be written", folder));
    add("state", Verdict::bad, fmt::format("{} can't be written by this user", folder),
        "run the doctor as the user that runs sundial (sudo -u sundial sundial doctor), or give the folder "
        "to it");
  }

  static std::string remedy_for(const ConnectionTrial& trial) {
    if (trial.name == "mqtt") return kBrokerRemedy;
    // Temporal's own words where it answers, and the namespace is not there.
    return trial.problem.starts_with("Namespace ") ? kNamespaceRemedy : kTemporalRemedy;
  }

  static constexpr const char* kNamespaceRemedy =
      "give [temporal] namespace one that the server has, or make it there: temporal operator namespace "
      "create --namespace NAME";
  static constexpr const char* kBrokerRemedy =
      "see that the broker runs and listens at [mqtt] url; a refused login is username or password_file";
  static constexpr const char* kTemporalRemedy =
      "the HTTP API has a port of its own, beside gRPC's 7233: start the dev server with --http-port 7243, "
      "or set "
      "services.frontend.rpc.httpPort; then [temporal] address, namespace and api_key_file";

  World& world_;
  const RunOptions& options_;
  std::vector<Finding> findings_;
};

void print_text(const World& world, const OutputOptions& output, const std::vector<Finding>& findings) {
  for (const Finding& finding : findings) {
    const std::string line =
        fmt::format("{:<5} {}: {}", word_of(finding.verdict), finding.subject, finding.what);
    world.out << (finding.verdict == Verdict::bad ? alarming(world, output, line) : line) << '\n';
    if (!finding.remedy.empty()) world.out << "      → " << finding.remedy << '\n';
  }
}

Value value_of(const Finding& finding) {
  Map map;
  map.set("subject", finding.subject);
  map.set("verdict", word_of(finding.verdict));
  map.set("what", finding.what);
  map.set("remedy", finding.remedy);
  return map;
}

void print_json(std::ostream& out, const std::vector<Finding>& findings) {
  List list;
  for (const Finding& finding : findings) list.push_back(value_of(finding));
  out << json::write(list) << '\n';
}

int run_doctor(World& world, const DoctorOptions& options) {
  const std::vector<Finding> findings = Doctor(world, options.run).examine();
  if (options.output.output == "jsonl") {
    for (const Finding& finding : findings) world.out << json::write(value_of(finding)) << '\n';
  } else if (!options.output.text()) {
    print_json(world.out, findings);
  } else {
    print_text(world, options.output, findings);
  }
  for (const Finding& finding : findings) {
    if (finding.verdict != Verdict::bad) continue;
    return finding.subject == "configuration" ? kExitConfiguration : kExitFailed;
  }
  return kExitDone;
}

}  // namespace

void add_doctor(CLI::App& app, World& world, Chosen& chosen) {
  const auto options = std::make_shared<DoctorOptions>();
  CLI::App* verb = app.add_subcommand("doctor", "Look at all that goes wrong, and say what to do");
  add_config_flags(*verb, options->run);
  verb->add_option("--state", options->run.state, "The folder of the state")->type_name("DIR");
  add_output_flags(*verb, options->output);
  verb->callback(
      [&world, &chosen, options] { chosen = [&world, options] { return run_doctor(world, *options); }; });
}

}  // namespace sundial::cli
