// A schedule book on virtual time, with what it launched and wrote down.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "agent/core/schedule/book.hpp"
#include "agent/core/schedule/spec_json.hpp"
#include "platform/json/json.hpp"
#include "platform/zones/zones.hpp"

namespace sundial::schedule {

inline Instant at(std::string_view text) {
  return parse_rfc3339(text).value();
}

// A definition from its times as JSON; the rest is set by the test.
inline model::ScheduleDefinition definition(std::string id, std::string_view spec) {
  auto read = read_spec(json::parse(spec).value()).value();
  read.id = std::move(id);
  read.fingerprint = std::string(spec);
  return read;
}

class BookRig {
 public:
  explicit BookRig(std::vector<model::ScheduleDefinition> schedules,
                   std::string_view start = "2026-03-01T00:00:00Z")
      : now_{at(start), Elapsed{Millis{1000}}} {
    configuration_.device.name = "pi";
    configuration_.device.time_zone = "UTC";
    configuration_.schedules = std::move(schedules);
    make();
  }

  // A start of the agent with a clock that is right.
  void boot() {
    book_->begin(now_);
    book_->take(model::ClockTrust{true}, now_, hands_, effects_);
    keep();
  }
  void boot_without_clock() {
    book_->begin(now_);
    book_->advance(now_, hands_, effects_);
    keep();
  }

  // Lives on until then, as the loop of the agent does: wakes only when the book asks for it.
  void run_until(std::string_view time) { run_until(at(time)); }
  void run_until(Instant until) {
    const Elapsed end = now_.elapsed + (until - now_.wall);
    while (true) {
      const Book::Wake wake = book_->next_wake();
      Elapsed next = end;
      if (wake.wall) next = std::min(next, now_.elapsed + std::max(*wake.wall - now_.wall, Millis{0}));
      if (wake.elapsed) next = std::min(next, *wake.elapsed);
      next = std::max(next, now_.elapsed);
      pass(next - now_.elapsed);
      book_->advance(now_, hands_, effects_);
      keep();
      ++wakes_;
      if (next == end) return;
    }
  }
  void run_for(Millis time) { run_until(now_.wall + time); }

  // The agent is away (off, suspended), time goes on.
  void pass(Millis time) {
    now_.wall += time;
    now_.elapsed += time;
  }
  void step(Millis by) {
    const Instant before = now_.wall;
    now_.wall += by;
    book_->take(model::ClockStep{before}, now_, hands_, effects_);
    keep();
  }
  void set_wall(std::string_view time) { now_.wall = at(time); }

  template <typename Input>
  void take(const Input& input) {
    book_->take(input, now_, hands_, effects_);
    keep();
  }
  void command(model::ScheduleCommand::Verb verb, std::string id, std::string note = "") {
    model::ScheduleCommand command;
    command.verb = verb;
    command.id = std::move(id);
    command.note = std::move(note);
    take(command);
  }

  // Another process with the state that was committed.
  void crash() {
    make();
    for (const model::StateChange& change : state_) book_->restore(change.owner, change.key, *change.bytes);
  }

  // "fired 2026-03-01T01:00:00Z", one a line of the ledger, since the last call.
  std::vector<std::string> lines() {
    std::vector<std::string> lines;
    for (const model::LedgerEntry& entry : effects_.ledger) {
      lines.push_back(entry.what + " " + entry.event + (entry.reason.empty() ? "" : " " + entry.reason));
    }
    effects_.ledger.clear();
    return lines;
  }
  // The due times that fired since the last call.
  std::vector<std::string> fired() {
    std::vector<std::string> due;
    for (const Firing& firing : firings_) due.push_back(format_rfc3339(firing.due, Fraction::when_needed));
    firings_.clear();
    return due;
  }

  Book& book() { return *book_; }
  Moment now() const { return now_; }
  model::Configuration& configuration() { return configuration_; }
  const std::vector<Firing>& firings() const { return firings_; }
  std::vector<std::string>& stopped() { return stopped_; }
  const model::Effects& effects() const { return effects_; }
  std::size_t wakes() const { return wakes_; }
  // Which workflows a firing starts; none by default.
  std::function<std::vector<std::string>(const Firing&)> starts = [](const Firing&) {
    return std::vector<std::string>{};
  };

 private:
  void make() {
    std::vector<model::Problem> problems;
    book_ = std::make_unique<Book>(configuration_, *zones_, problems);
    hands_.launch = [this](const Firing& firing) {
      early_ = early_ || firing.due > now_.wall || firing.at > now_.wall;
      firings_.push_back(firing);
      return starts(firing);
    };
    hands_.stop = [this](std::string_view, std::string_view id, StopKind kind) {
      stopped_.push_back((kind == StopKind::cancel ? "cancel " : "terminate ") + std::string(id));
    };
  }

  void keep() {
    for (model::StateChange& change : book_->collect()) {
      std::erase_if(state_,
                    [&](const auto& old) { return old.owner == change.owner && old.key == change.key; });
      if (change.bytes) state_.push_back(std::move(change));
    }
  }

 public:
  bool early() const { return early_; }

 private:
  std::unique_ptr<ZoneSource> zones_ = system_zones();
  model::Configuration configuration_;
  Moment now_;
  std::unique_ptr<Book> book_;
  Hands hands_;
  model::Effects effects_;
  std::vector<Firing> firings_;
  std::vector<std::string> stopped_;
  std::vector<model::StateChange> state_;
  std::size_t wakes_ = 0;
  bool early_ = false;
};

}  // namespace sundial::schedule
