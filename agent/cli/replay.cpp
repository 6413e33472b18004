// `sundial replay`: recorded messages through the rules, on the file's own times; contacts nothing.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "agent/cli/configuration.hpp"
#include "agent/cli/output_flags.hpp"
#include "agent/cli/progress.hpp"
#include "agent/cli/verbs.hpp"
#include "agent/core/decode/recorded_line.hpp"
#include "agent/core/engine/engine.hpp"
#include "platform/json/json.hpp"

namespace sundial::cli {
namespace {

struct ReplayOptions {
  RunOptions run;
  std::string file;
  std::string until;
  std::string diff;
  bool all = false;
  bool schedules = false;
  OutputOptions output;  // text is a line of JSON an action as well
};

// Takes each decision as a line.
using Print = std::function<void(std::string line)>;

std::string decision_line(model::OriginKind origin, const std::string& id, const std::string& key, Instant at,
                          std::string_view what, std::string value) {
  return fmt::format(R"({{"time":{},"{}":{},"key":{},"{}":{}}})",
                     json::quote(format_rfc3339(at, Fraction::always)), model::name_of(origin),
                     json::quote(id), json::quote(key), what, value);
}

std::string action_line(const model::OutboxRecord& record) {
  Map action;
  action.append("kind", model::name_of(record.kind));
  for (const auto& [key, value] : record.action) action.append(key, value);
  return decision_line(record.origin.kind, record.origin.id, record.origin.key, record.decided.wall, "action",
                       json::write(action));
}

using decode::RecordedLine;

// One run through one configuration.
class Replay {
 public:
  Replay(engine::Engine& engine, bool all, Print print)
      : engine_(engine), all_(all), print_(std::move(print)) {}

  void take(const RecordedLine& line) {
    reach(line.time);
    if (const auto* message = std::get_if<model::Message>(&line.input)) {
      engine_.take(*message, now_, effects_);
    } else {
      engine_.take(std::get<model::Absence>(line.input), now_, effects_);
    }
    tell();
  }

  // At the end of the file the clock goes on: to `until`, or until no timer is running.
  void finish(std::optional<Instant> until) {
    if (until) {
      reach(*until);
    } else {
      while (started_ && engine_.next_rule_timer()) reach(*engine_.next_rule_timer());
    }
    tell();
  }

 private:
  // The clock never goes back: an earlier line is taken at the clock's time. It stops at each instant
  // at which something is due, since the end of a schedule's run may let its next one begin.
  void reach(Instant time) {
    const Instant wall = started_ ? std::max(now_.wall, time) : time;
    if (!std::exchange(started_, true)) {
      set_clock(wall);
      engine_.begin(now_);
      engine_.take(model::ClockTrust{true}, now_, effects_);
    }
    for (auto due = next_due(); due && *due < wall; due = next_due()) advance(*due);
    advance(wall);
  }

  void advance(Instant wall) {
    set_clock(wall);
    engine_.advance(now_, effects_);
    tell();
  }

  void set_clock(Instant wall) { now_ = {wall, Elapsed{wall.time_since_epoch()}}; }

  // The next instant after the present one; the two clocks of a replay show the same.
  std::optional<Instant> next_due() const {
    const engine::Engine::Wake wake = engine_.next_wake();
    std::optional<Instant> due = wake.wall;
    if (wake.elapsed) {
      const Instant elapsed{wake.elapsed->time_since_epoch()};
      due = due ? std::min(*due, elapsed) : elapsed;
    }
    return due && *due > now_.wall ? due : std::nullopt;
  }

  // A replay starts nothing, so the runs of schedules are over at once; what that lets begin is told too.
  void tell() {
    print_effects();
    while (!effects_.watch.empty()) {
      for (const model::WatchRun& run : std::exchange(effects_.watch, {})) {
        engine_.take(model::RunEnded{run.schedule, run.workflow_id, false, {}}, now_, effects_);
      }
      print_effects();
    }
  }

  // Records and what was suppressed, in the order in which they were decided.
  void print_effects() {
    std::size_t told = 0;
    const auto records_until = [&](std::size_t end) {
      for (; told < end; ++told) print_(action_line(effects_.records[told]));
    };
    for (const model::LedgerEntry& entry : effects_.ledger) {
      records_until(entry.after_records);
      const bool shown = entry.what == "suppressed" || entry.what == "error";
      if (!all_ || !shown || entry.origin != model::OriginKind::rule) continue;
      print_(decision_line(entry.origin, entry.id, entry.key, entry.at, "suppressed",
                           json::quote(entry.what == "error" ? "error" : entry.reason)));
    }
    records_until(effects_.records.size());
    effects_.records.clear();
    effects_.ledger.clear();
  }

  engine::Engine& engine_;
  bool all_;
  Print print_;
  Moment now_{};
  bool started_ = false;
  model::Effects effects_;
};

class ReplayVerb {
 public:
  ReplayVerb(World& world, const ReplayOptions& options) : world_(world), options_(options) {}

  int run() {
    if (!options_.until.empty()) {
      const Result<Instant> until = parse_rfc3339(options_.until);
      if (!until) return fail(kExitUsage, "--until: " + until.error().message());
      until_ = *until;
    }
    if (!options_.diff.empty()) return run_diff();
    const std::unique_ptr<engine::Engine> engine = make_engine(options_.run.config_file);
    if (!engine) return kExitConfiguration;
    bool first = true;
    const bool as_list = options_.output.output == "json";
    const auto print = [&](const std::string& line) {
      progress_->clear();
      if (as_list) world_.out << (std::exchange(first, false) ? "[\n" : ",\n");
      world_.out << line;
      if (!as_list) world_.out << '\n';
    };
    const int outcome = play(*engine, print);
    if (as_list) world_.out << (first ? "[]\n" : "\n]\n");
    return outcome;
  }

 private:
  int fail(int code, const std::string& what) {
    if (progress_) progress_->clear();
    world_.err << "sundial replay: " << what << '\n';
    return code;
  }

  // All that is wrong with the configuration, in one go: what its keys say, and what they mean.
  std::unique_ptr<engine::Engine> make_engine(const std::string& config_file) {
    RunOptions run = options_.run;
    run.config_file = config_file;
    config::Sources sources = sources_of(world_, run);
    sources.look_at_files = false;
    config::Loaded loaded = config::load(sources);
    std::vector<model::Problem> problems = std::move(loaded.problems);
    const bool readable = problems.empty();
    std::unique_ptr<engine::Engine> engine =
        engine::Engine::create(loaded.configuration, world_.zones, problems);
    if (!readable || !problems.empty()) {
      print_problems(world_, std::move(problems), loaded.files);
      return nullptr;
    }
    if (options_.schedules) return engine;
    loaded.configuration.schedules.clear();
    return engine::Engine::create(loaded.configuration, world_.zones, problems);
  }

  int play(engine::Engine& engine, const Print& print) {
    std::ifstream opened;
    if (options_.file != "-") {
      opened.open(options_.file);
      if (!opened) return fail(kExitNotFound, fmt::format("cannot read {}", options_.file));
    }
    std::istream& file = options_.file == "-" ? world_.in : opened;
    const std::uint64_t all = size_of_file();
    progress_.emplace(world_.err, world_.err_is_terminal, "lines");
    Replay replay(engine, options_.all, print);
    std::uint64_t done = 0;
    std::string text;
    for (std::size_t number = 1; std::getline(file, text); ++number) {
      done += text.size() + 1;
      if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
      const Result<RecordedLine> line = decode::read_recorded_line(text, number);
      if (!line)
        return fail(kExitFailed, fmt::format("{}:{}: {}", options_.file, number, line.error().message()));
      if (until_ && line->time > *until_) break;
      replay.take(*line);
      show_progress(done, all, number);
    }
    replay.finish(until_);
    progress_->clear();
    return kExitDone;
  }

  // Where decisions go to the same terminal, the bar stands below the last of them.
  void show_progress(std::uint64_t done, std::uint64_t all, std::uint64_t lines) {
    if (world_.terminal.columns > 0) world_.out.flush();
    progress_->show(done, all, lines);
  }

  // 0: nobody knows how much is to come.
  std::uint64_t size_of_file() const {
    std::error_code unknown;
    const auto size = options_.file == "-" ? 0 : std::filesystem::file_size(options_.file, unknown);
    return unknown ? 0 : size;
  }

  // What the other configuration decides otherwise: lines that only one of them has, in the order of
  // time, each with the sign of a diff.
  int run_diff() {
    std::vector<std::string> lines[2];
    const std::string files[2] = {options_.run.config_file, options_.diff};
    for (int side = 0; side < 2; ++side) {
      const std::unique_ptr<engine::Engine> engine = make_engine(files[side]);
      if (!engine) return kExitConfiguration;
      const int outcome = play(*engine, [&](std::string line) { lines[side].push_back(std::move(line)); });
      if (outcome != kExitDone) return outcome;
    }
    print_difference(lines[0], lines[1]);
    return kExitDone;
  }

  // Lines begin with their time, so that both lists are in its order; lines of one time are compared
  // as sets.
  void print_difference(const std::vector<std::string>& before, const std::vector<std::string>& after) {
    constexpr std::size_t kTimeEnd = 34;  // {"time":"2026-01-01T00:00:00.000Z"
    const auto time_of = [](const std::string& line) { return std::string_view(line).substr(0, kTimeEnd); };
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < before.size() || j < after.size()) {
      std::string_view time = i < before.size() ? time_of(before[i]) : time_of(after[j]);
      if (j < after.size()) time = std::min(time, time_of(after[j]));
      std::vector<std::string> removed;
      std::vector<std::string> added;
      for (; i < before.size() && time_of(before[i]) == time; ++i) removed.push_back(before[i]);
      for (; j < after.size() && time_of(after[j]) == time; ++j) {
        const auto same = std::find(removed.begin(), removed.end(), after[j]);
        if (same == removed.end()) {
          added.push_back(after[j]);
        } else {
          removed.erase(same);
        }
      }
      for (const std::string& line : removed) world_.out << "- " << line << '\n';
      for (const std::string& line : added) world_.out << "+ " << line << '\n';
    }
  }

  World& world_;
  const ReplayOptions& options_;
  std::optional<Progress> progress_;  // of this pass over the file
  std::optional<Instant> until_;
};

}  // namespace

void add_replay(CLI::App& app, World& world, Chosen& chosen) {
  auto options = std::make_shared<ReplayOptions>();
  CLI::App* verb =
      app.add_subcommand("replay", "Send recorded messages through the rules, on the file's own times");
  verb->add_option("FILE", options->file, "JSON lines as `sundial record` writes them; - for standard input")
      ->required();
  add_config_flags(*verb, options->run);
  verb->add_option("--until", options->until, "Stop at this time, instead of when no timer is running")
      ->type_name("TIME");
  verb->add_flag("--all", options->all, "Show what was suppressed too");
  verb->add_flag("--schedules", options->schedules,
                 "Let the schedules fire too, from the first line's time on");
  verb->add_option("--diff", options->diff, "Show what this other configuration decides differently")
      ->type_name("FILE");
  add_output_flags(*verb, options->output);
  verb->callback([&world, &chosen, options] {
    chosen = [&world, options] { return ReplayVerb(world, *options).run(); };
  });
}

}  // namespace sundial::cli
