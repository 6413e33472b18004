// The engine: rules and schedules on one clock, and what they decide as records and ledger.
#include "agent/core/engine/engine.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "agent/core/engine/recorder.hpp"
#include "agent/core/engine/schedule_actions.hpp"
#include "agent/core/rules/rules.hpp"
#include "agent/core/schedule/book.hpp"

namespace sundial::engine {
namespace {

using model::LedgerEntry;
using model::OriginKind;

class Composition final : public Engine, private rules::Decisions {
 public:
  Composition(const model::Configuration& configuration, std::vector<rules::CompiledRule> compiled,
              std::unique_ptr<schedule::Book> book, std::unique_ptr<ScheduleActions> schedule_actions)
      : device_name_(configuration.device.name),
        device_zone_(configuration.device.time_zone),
        device_{device_name_, device_zone_},
        fingerprints_(fingerprints(configuration)),
        rules_(std::move(compiled), device_, configuration.mqtt ? configuration.mqtt->version : 5, *this),
        schedule_actions_(std::move(schedule_actions)),
        book_(std::move(book)) {
    std::vector<const rules::CompiledRule*> all;
    for (const auto& runner : rules_.runners()) all.push_back(&runner->rule());
    prefilter_ = std::make_shared<const rules::Prefilter>(all, device_name_, device_zone_);
    hands_.launch = [this](const schedule::Firing& firing) { return launch(firing); };
    hands_.stop = [this](std::string_view schedule, std::string_view workflow, schedule::StopKind kind) {
      stop(schedule, workflow, kind);
    };
  }

  void restore(std::string_view owner, std::string_view key, std::string_view bytes) override {
    if (owner.starts_with("schedule/")) {
      book_->restore(owner, key, bytes);
    } else {
      rules_.restore(owner, key, bytes);
    }
  }

  void begin(Moment now) override {
    now_ = now;
    rules_.begin(now);
    book_->begin(now);
  }

  void advance(Moment now, model::Effects& effects) override {
    effects_ = &effects;
    work_off(now);
  }

  void take(const model::Input& input, Moment now, model::Effects& effects) override {
    effects_ = &effects;
    const auto* step = std::get_if<model::ClockStep>(&input);
    work_off(step != nullptr ? Moment{step->before, now.elapsed} : now);
    now_ = now;
    rules_.set_clock(now);
    std::visit([&](const auto& one) { take_one(one, now); }, input);
  }

  Wake next_wake() const override {
    const schedule::Book::Wake book = book_->next_wake();
    Wake wake{rules_.next_wall(), rules_.next_elapsed()};
    if (book.wall && (!wake.wall || *book.wall < *wake.wall)) wake.wall = book.wall;
    if (book.elapsed && (!wake.elapsed || *book.elapsed < *wake.elapsed)) wake.elapsed = book.elapsed;
    return wake;
  }

  std::optional<Instant> next_rule_timer() const override { return rules_.next_due(); }

  void retire(const model::Configuration& next, Moment now, model::Effects& effects) override {
    effects_ = &effects;
    const std::map<std::string, std::string> kept = fingerprints(next);
    for (const auto& [id, fingerprint] : fingerprints_) {
      const auto found = kept.find(id);
      if (found == kept.end() || found->second != fingerprint) gone_.push_back(id);
    }
    for (const auto& runner : rules_.runners()) {
      const std::string& id = runner->rule().id;
      if (std::find(gone_.begin(), gone_.end(), id) != gone_.end()) rules_.retire(id, now);
    }
  }

  std::vector<model::StateChange> everything() const override {
    std::vector<model::StateChange> all = rules_.everything();
    std::vector<model::StateChange> schedules = book_->everything();
    std::move(schedules.begin(), schedules.end(), std::back_inserter(all));
    return all;
  }

  std::vector<model::StateChange> collect() override {
    std::vector<model::StateChange> changes = rules_.collect();
    std::vector<model::StateChange> schedules = book_->collect();
    std::move(schedules.begin(), schedules.end(), std::back_inserter(changes));
    return changes;
  }

  const rules::SubscriptionPlan& subscriptions() const override { return rules_.plan(); }
  std::shared_ptr<const rules::Prefilter> prefilter() const override { return prefilter_; }

  Value describe_rules() const override;
  Value describe_keys(std::string_view rule, std::size_t limit) const override;
  std::vector<std::string> schedule_ids() const override { return book_->ids(); }
  std::vector<model::ScheduleDefinition> file_schedules() const override { return book_->of_files(); }
  std::optional<Map> describe_schedule(std::string_view id, Moment now) const override {
    return book_->describe(id, now);
  }
  std::optional<std::vector<std::string>> next_times(std::string_view schedule, Moment now,
                                                     std::size_t count) const override {
    return book_->next_times(schedule, now, count);
  }
  std::vector<model::Count> counts() const override;

 private:
  static std::map<std::string, std::string> fingerprints(const model::Configuration& configuration) {
    std::map<std::string, std::string> found;
    for (const model::RuleDefinition& rule : configuration.rules) found[rule.id] = rule.fingerprint;
    return found;
  }

  void take_one(const model::Message& message, Moment now) {
    taking_ = &message;
    rules_.take(message, now);
    taking_ = nullptr;
  }
  void take_one(const model::Absence& absence, Moment now) {
    rules_.absence(absence.away, now);
    book_->hold(absence.full, now);
    work_off(now);
  }
  void take_one(const model::ResetKeys& reset, Moment) { rules_.reset(reset.rule, reset.key); }
  void take_one(const model::ClockStep& step, Moment now) {
    rules_.clock_stepped(step.before, now);
    book_->take(step, now, hands_, *effects_);
    work_off(now);
  }
  void take_one(const model::StoreFull& store, Moment now) {
    book_->hold(store.full, now);
    work_off(now);
  }
  template <typename ForSchedules>
  void take_one(const ForSchedules& input, Moment now) {
    book_->take(input, now, hands_, *effects_);
  }

  void work_off(Moment now);
  std::optional<Instant> next_of_book(Moment now) const;

  void fired(const rules::Fired& fired) override;
  void noted(const rules::Noted& noted) override;
  std::vector<std::string> launch(const schedule::Firing& firing);
  void stop(std::string_view schedule, std::string_view workflow, schedule::StopKind kind);
  void carry_out(const std::vector<actions::CompiledAction>& all, const expression::Bindings& bindings,
                 const actions::Firing& firing, const Cause& cause, std::string_view group);
  void tell(LedgerEntry entry) {
    entry.after_records = effects_->records.size();
    effects_->ledger.push_back(std::move(entry));
  }

  const std::string device_name_;
  const std::string device_zone_;
  const expression::DeviceView device_;
  const std::map<std::string, std::string> fingerprints_;
  rules::Rules rules_;
  std::shared_ptr<const rules::Prefilter> prefilter_;
  std::unique_ptr<ScheduleActions> schedule_actions_;  // the book calls it
  std::unique_ptr<schedule::Book> book_;
  schedule::Hands hands_;
  model::Effects* effects_ = nullptr;
  const model::Message* taking_ = nullptr;  // the message that is being decided on
  Moment now_{};
  std::vector<std::string> gone_;
  std::map<std::string, std::uint64_t> fired_;
  std::map<std::pair<std::string, std::string>, std::uint64_t> suppressed_;
  std::map<std::string, std::uint64_t> failed_;  // actions
};

std::optional<Instant> Composition::next_of_book(Moment now) const {
  const schedule::Book::Wake wake = book_->next_wake();
  std::optional<Instant> next = wake.wall;
  if (wake.elapsed) {
    const Instant instant = now.wall + (*wake.elapsed - now.elapsed);
    if (!next || instant < *next) next = instant;
  }
  return next;
}

// What is due, by instant: schedules before rules where both are due at one.
void Composition::work_off(Moment now) {
  std::optional<Instant> stuck;  // the book has nothing to do there after all
  for (;;) {
    const std::optional<Instant> rule = rules_.next_due();
    const std::optional<Instant> book = next_of_book(now);
    const bool rule_due = rule && *rule <= now.wall;
    const bool book_due = book && *book <= now.wall && book != stuck;
    if (!rule_due && !book_due) break;
    if (book_due && (!rule_due || *book <= *rule)) {
      const Moment then = rule_due ? Moment{*book, now.elapsed - (now.wall - *book)} : now;
      book_->advance(then, hands_, *effects_);
      if (next_of_book(now) == book) stuck = book;
    } else {
      rules_.work_off(*rule);
    }
  }
  book_->advance(now, hands_, *effects_);
}

void Composition::carry_out(const std::vector<actions::CompiledAction>& all,
                            const expression::Bindings& bindings, const actions::Firing& firing,
                            const Cause& cause, std::string_view group) {
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::vector<Result<actions::RenderedAction>> rendered = all[i].render(bindings, firing);
    for (std::size_t element = 0; element < rendered.size(); ++element) {
      const std::string place = fmt::format("{}{}.{}", group, i, element);
      if (rendered[element]) {
        effects_->records.push_back(record_of(cause, place, *std::move(rendered[element])));
        continue;
      }
      ++failed_[cause.origin.id];
      tell({cause.decided.wall, cause.origin.kind, cause.origin.id, cause.origin.key, cause.origin.event,
            "error", std::string(model::name_of(all[i].kind())), rendered[element].error().message()});
    }
  }
}

void Composition::fired(const rules::Fired& fired) {
  ++fired_[fired.rule.id];
  Cause cause = cause_of(device_name_, fired);
  // A window that another key's message put out has that message's id, and is none of its doing.
  const bool put_out = fired.firing.kind == actions::Firing::Kind::evicted_window;
  if (taking_ != nullptr && !put_out && cause.origin.event == taking_->id)
    cause.origin.trace = trace_of(*taking_);
  const std::string trace(model::trace_id_of(cause.origin.trace));
  tell({fired.at.wall, OriginKind::rule, fired.rule.id, cause.origin.key, cause.origin.event, "fired",
        fired.back ? "back" : "", trace.empty() ? "" : "trace " + trace});
  carry_out(fired.back ? fired.rule.back : fired.rule.actions, fired.bindings, fired.firing, cause,
            fired.back ? "back." : "");
}

void Composition::noted(const rules::Noted& noted) {
  if (noted.what == "suppressed") ++suppressed_[{noted.rule.id, std::string(noted.reason)}];
  tell({noted.at, OriginKind::rule, noted.rule.id, std::string(noted.key), std::string(noted.event),
        std::string(noted.what), std::string(noted.reason), noted.detail});
}

std::vector<std::string> Composition::launch(const schedule::Firing& firing) {
  actions::Firing made;
  made.kind = actions::Firing::Kind::schedule;
  made.owner = firing.schedule;
  made.at = firing.at;
  made.schedule_time = firing.due;
  // A backfilled due time is the same event as when it was due; a trigger is one of its own.
  const bool triggered = firing.cause == schedule::Firing::Cause::trigger;
  const Moment at{firing.at, now_.elapsed};
  const Cause cause = cause_of(device_name_, firing.schedule, made, triggered ? "trigger" : "", at);
  const expression::ScheduleView view{firing.schedule, firing.due};
  expression::Bindings bindings;
  bindings.device = &device_;
  bindings.now = firing.at;
  bindings.schedule = &view;
  const std::size_t before = effects_->records.size();
  carry_out(schedule_actions_->of(firing)->actions, bindings, made, cause, "");
  std::vector<std::string> started;
  for (std::size_t i = before; i < effects_->records.size(); ++i) {
    const model::OutboxRecord& record = effects_->records[i];
    if (record.kind == model::ActionKind::start) started.push_back(record.lane);
  }
  return started;
}

void Composition::stop(std::string_view schedule, std::string_view workflow, schedule::StopKind kind) {
  actions::Firing firing;
  firing.kind = actions::Firing::Kind::schedule;
  firing.owner = schedule;
  firing.at = firing.schedule_time = now_.wall;
  const Cause cause = cause_of(device_name_, schedule, firing, workflow, now_);
  actions::RenderedAction action;
  action.kind = kind == schedule::StopKind::cancel ? model::ActionKind::cancel : model::ActionKind::terminate;
  action.action.append("id", workflow);
  action.action.append("reason", fmt::format("schedule {}: the next run is due", schedule));
  effects_->records.push_back(record_of(cause, "stop", std::move(action)));
}

Value Composition::describe_rules() const {
  List list;
  for (const auto& runner : rules_.runners()) {
    const rules::CompiledRule& rule = runner->rule();
    Map one;
    one.append("id", rule.id);
    one.append("keys", static_cast<std::int64_t>(runner->keys()));
    one.append("matched", static_cast<std::int64_t>(runner->counters().matched));
    const auto fired = fired_.find(rule.id);
    one.append("fired", static_cast<std::int64_t>(fired == fired_.end() ? 0 : fired->second));
    Map reasons;
    for (const auto& [labels, count] : suppressed_) {
      if (labels.first == rule.id) reasons.append(labels.second, static_cast<std::int64_t>(count));
    }
    one.append("suppressed", std::move(reasons));
    one.append("evicted", static_cast<std::int64_t>(runner->counters().evicted));
    list.emplace_back(std::move(one));
  }
  return list;
}

Value Composition::describe_keys(std::string_view rule, std::size_t limit) const {
  for (const auto& runner : rules_.runners()) {
    if (runner->rule().id == rule) return runner->describe_keys(limit);
  }
  return Null{};
}

std::vector<model::Count> Composition::counts() const {
  std::vector<model::Count> all = book_->counts();
  const auto value_of = [](const std::map<std::string, std::uint64_t>& counts, const std::string& id) {
    const auto found = counts.find(id);
    return found == counts.end() ? std::uint64_t{0} : found->second;
  };
  auto held_back = suppressed_;
  for (std::size_t i = 0; i < rules_.runners().size(); ++i) {
    const auto& runner = rules_.runners()[i];
    const rules::Prefilter::Rejected rejected = prefilter_->rejected(i);
    const std::string& id = runner->rule().id;
    const auto error = suppressed_.find({id, "error"});
    all.push_back({"rule_matched_total", id, {}, runner->counters().matched + rejected.messages});
    all.push_back({"rule_fired_total", id, {}, value_of(fired_, id)});
    all.push_back({"rule_errors_total",
                   id,
                   {},
                   runner->counters().failed + rejected.failed + value_of(failed_, id) +
                       (error == suppressed_.end() ? std::uint64_t{0} : error->second)});
    all.push_back({"rule_keys", id, {}, runner->keys()});
    if (rejected.live > 0) held_back[{id, "retained"}] += rejected.live;
  }
  for (const auto& [labels, count] : held_back) {
    all.push_back({"rule_suppressed_total", labels.first, labels.second, count});
  }
  return all;
}

}  // namespace

std::unique_ptr<Engine> Engine::create(const model::Configuration& configuration, const ZoneSource& zones,
                                       std::vector<model::Problem>& problems) {
  const std::size_t before = problems.size();
  rules::CompileContext context{&zones, nullptr};
  Result<std::shared_ptr<const TimeZone>> zone = zones.find(configuration.device.time_zone);
  if (zone) {
    context.zone = *std::move(zone);
  } else if (std::none_of(problems.begin(), problems.end(),
                          [](const model::Problem& one) { return one.where == "[device] time_zone"; })) {
    problems.push_back({{}, "[device] time_zone", zone.error().message()});
  }
  std::vector<rules::CompiledRule> compiled;
  for (const model::RuleDefinition& rule : configuration.rules) {
    compiled.push_back(rules::compile_rule(rule, context, problems));
  }
  if (configuration.mqtt) {
    rules::check_shared_filters(compiled, configuration.rules, configuration.mqtt->version, problems);
  }
  auto schedule_actions = std::make_unique<ScheduleActions>(zones);
  auto book = std::make_unique<schedule::Book>(
      configuration, zones, problems,
      [of = schedule_actions.get()](const model::ScheduleDefinition& definition,
                                    std::vector<model::Problem>& found) {
        return of->prepare(definition, found);
      });
  if (problems.size() > before || !context.zone) return nullptr;
  return std::make_unique<Composition>(configuration, std::move(compiled), std::move(book),
                                       std::move(schedule_actions));
}

}  // namespace sundial::engine
