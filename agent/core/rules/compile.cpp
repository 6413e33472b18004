// From a rule's texts to a CompiledRule.
#include <algorithm>

#include <fmt/format.h>

#include "agent/core/rules/combinations.hpp"
#include "agent/core/rules/compiled_rule.hpp"

namespace sundial::rules {
namespace {

using expression::CollectExpression;
using expression::Expression;
using expression::Scope;
using expression::Variable;
using expression::Variables;
using model::Problem;
using model::RuleDefinition;

constexpr Variables kOfMessage{Variable::payload, Variable::topic, Variable::message, Variable::device,
                               Variable::now};

class Compiler {
 public:
  Compiler(const RuleDefinition& definition, const CompileContext& context, std::vector<Problem>& problems)
      : definition_(definition),
        context_(context),
        problems_(problems),
        prefix_("[rule." + definition.id + "]") {}

  CompiledRule run() {
    take_plain_settings();
    check_combinations(definition_, problems_);
    compile_filters();
    make_scopes();
    compile_conditions();
    if (definition_.window) compile_window(*definition_.window);
    rule_.actions = actions::compile_all(definition_.actions, action_scope_, prefix_, problems_);
    rule_.back = actions::compile_all(definition_.back, action_scope_, prefix_ + " back", problems_);
    note_uses();
    return std::move(rule_);
  }

 private:
  void take_plain_settings() {
    rule_.id = definition_.id;
    rule_.fingerprint = definition_.fingerprint;
    if (definition_.webhook) rule_.webhook = definition_.webhook->text;
    rule_.qos = definition_.qos;
    rule_.decode = definition_.decode;
    rule_.retained = definition_.retained;
    rule_.max_keys = static_cast<std::uint64_t>(std::max<std::int64_t>(1, definition_.max_keys));
    rule_.hold = definition_.hold;
    rule_.cooldown = definition_.cooldown;
    rule_.silent_for = definition_.silent_for;
  }

  std::string where(std::string_view key) const { return fmt::format("{} {}", prefix_, key); }
  void problem(const model::Position& at, std::string_view key, std::string what) {
    problems_.push_back({at, where(key), std::move(what)});
  }

  void compile_filters() {
    for (const model::Text& topic : definition_.topics) {
      Result<TopicFilter> filter = parse_topic_filter(topic.text);
      if (!filter) {
        problem(topic.at, "topic", filter.error().message());
        continue;
      }
      add_filter(*std::move(filter), topic);
    }
  }

  void add_filter(TopicFilter filter, const model::Text& topic) {
    const std::vector<std::string> names = filter.names();
    if (rule_.filters.empty()) rule_.names = names;
    std::vector<std::size_t> levels;
    for (const std::string& name : rule_.names) {
      for (std::size_t i = 0; i < filter.levels.size(); ++i) {
        const FilterLevel& level = filter.levels[i];
        if (level.kind == FilterLevel::Kind::any && level.text == name) levels.push_back(i);
      }
    }
    if (levels.size() != rule_.names.size() || names.size() != rule_.names.size()) {
      problem(topic.at, "topic",
              fmt::format("all filters of a rule hold the same names: this one has {}, the first has {}",
                          listed(names), listed(rule_.names)));
      return;
    }
    rule_.name_levels.push_back(std::move(levels));
    rule_.filters.push_back(std::move(filter));
  }

  static std::string listed(const std::vector<std::string>& names) {
    if (names.empty()) return "none";
    std::string text;
    for (const std::string& name : names) text += fmt::format("{}{{{}}}", text.empty() ? "" : ", ", name);
    return text;
  }

  void make_scopes() {
    key_scope_.variables = kOfMessage;
    key_scope_.variables.add(Variable::rule);
    key_scope_.topic_names = rule_.names;
    key_scope_.zones = context_.zones;
    message_scope_ = key_scope_;
    message_scope_.variables = kOfMessage;
    message_scope_.variables.add(Variable::state);
    window_scope_ = message_scope_;
    if (definition_.window) {
      window_scope_.variables.add(Variable::window);
      window_scope_.window_names = {"start", "end", "count", "key", "truncated"};
      auto& fields = window_scope_.window_names;
      for (const auto& entry : definition_.collect) {
        // An entry may take the name of a field that is there anyway.
        if (std::find(fields.begin(), fields.end(), entry.first) == fields.end())
          fields.push_back(entry.first);
      }
    }
    action_scope_ = window_scope_;
    action_scope_.variables.add(Variable::rule);
  }

  std::optional<Expression> compile(const std::optional<model::Text>& text, const Scope& scope,
                                    std::string_view key) {
    if (!text) return std::nullopt;
    return Expression::compile(*text, scope, where(key), problems_);
  }

  void compile_conditions() {
    rule_.when = compile(definition_.when, message_scope_, "when");
    rule_.unique = compile(definition_.unique, message_scope_, "unique");
    rule_.clear_when = compile(definition_.clear_when, window_scope_, "clear_when");
    rule_.having = compile(definition_.having, window_scope_, "having");
    if (definition_.key) {
      rule_.key = actions::Template::compile(*definition_.key, key_scope_, where("key"), problems_);
      if (rule_.key) {
        rule_.key_from_topic = rule_.key->uses().within({Variable::topic, Variable::device, Variable::rule});
      }
    }
    // Where `of` is missing, the reader has said so.
    if (!definition_.change || definition_.change->of.at.line == 0) return;
    std::optional<Expression> of = compile(definition_.change->of, window_scope_, "change.of");
    if (!of) return;
    const bool of_window = of->uses().has(Variable::window);
    rule_.change =
        CompiledChange{*std::move(of), definition_.change->by, definition_.change->percent, of_window};
  }

  void compile_window(const model::WindowDefinition& definition) {
    CompiledWindow window;
    window.count = definition.count;
    window.timeout = definition.timeout;
    window.close_when = compile(definition.close_when, window_scope_, "window.close_when");
    window.time = compile(definition.time, message_scope_, "window.time");
    window.lateness = definition.lateness.value_or(window.lateness);
    window.ahead = definition.ahead.value_or(window.ahead);
    window.gap = definition.session.value_or(Millis{0});
    window.limits = {static_cast<std::size_t>(definition.max_items),
                     static_cast<std::size_t>(definition.max_bytes)};
    window.kind = kind_of(definition);
    compile_periods(definition, window);
    compile_collect(window);
    rule_.window = std::move(window);
  }

  static WindowKind kind_of(const model::WindowDefinition& definition) {
    if (definition.every) return definition.time ? WindowKind::event_period : WindowKind::period;
    if (definition.session) return definition.time ? WindowKind::event_session : WindowKind::session;
    return WindowKind::batch;
  }

  model::Position place(const model::WindowDefinition& definition, std::string_view key) const {
    const model::Node* node = definition.source.find(key);
    return node == nullptr ? definition.source.at : node->at;
  }

  void compile_periods(const model::WindowDefinition& definition, CompiledWindow& window) {
    if (!definition.every) return;
    Result<Periods> periods = Periods::of(*definition.every, context_.zone);
    if (!periods) {
      problem(place(definition, "every"), "window.every", periods.error().message());
      return;
    }
    window.periods = *std::move(periods);
    if (!definition.over) return;
    window.steps = *definition.over / *definition.every;
    if (*definition.over % *definition.every == Millis{0}) return;
    const std::int64_t right =
        std::max<std::int64_t>(1, (*definition.over + *definition.every / 2) / *definition.every);
    problem(place(definition, "over"), "window.over",
            fmt::format("must be a multiple of `every`; the nearest is {}",
                        format_duration(right * *definition.every)));
  }

  void compile_collect(CompiledWindow& window) {
    window.entry_of_field.resize(window_scope_.window_names.size());
    for (const auto& [name, text] : definition_.collect) {
      const std::string key = "collect." + name;
      std::optional<CollectExpression> entry =
          CollectExpression::compile(text, message_scope_, where(key), problems_);
      if (!entry) continue;
      std::vector<CollectEntry::Source> sources;
      for (const expression::AggregateCall& call : entry->aggregates()) {
        sources.push_back({call.kind, slot_for(window, call)});
      }
      const auto& fields = window_scope_.window_names;
      const auto field =
          static_cast<std::size_t>(std::find(fields.begin(), fields.end(), name) - fields.begin());
      window.entry_of_field[field] = window.collect.size();
      window.collect.push_back({name, *std::move(entry), std::move(sources)});
    }
  }

  // The slot that serves this aggregate, shared where one is there already.
  static std::optional<std::size_t> slot_for(CompiledWindow& window, const expression::AggregateCall& call) {
    if (!call.inner) return std::nullopt;
    std::size_t inner = 0;
    while (inner < window.inners.size() && window.inners[inner].text() != call.inner->text()) ++inner;
    if (inner == window.inners.size()) window.inners.push_back(*call.inner);
    const AccumulatorKind kind = accumulator_of(call.kind);
    for (std::size_t i = 0; i < window.slots.size(); ++i) {
      if (window.slots[i].kind == kind && window.slots[i].inner == inner) return i;
    }
    window.slots.push_back({kind, inner});
    return window.slots.size() - 1;
  }

  // Goes over all texts that name variables; `later` are those asked after the message has gone by.
  void note_uses() {
    Variables later;
    const auto see = [&](const auto& text, bool is_later) {
      rule_.uses_state = rule_.uses_state || text.uses().has(Variable::state);
      rule_.uses_previous = rule_.uses_previous || text.names(Variable::state, "previous");
      rule_.uses_fired = rule_.uses_fired || text.names(Variable::state, "fired");
      if (is_later) later.add(text.uses());
    };
    const bool delayed = rule_.window || rule_.hold || rule_.silent_for;
    for (const auto* text : {&rule_.when, &rule_.unique}) {
      if (*text) see(**text, false);
    }
    for (const auto* text : {&rule_.having, &rule_.clear_when}) {
      if (*text) see(**text, rule_.window.has_value());
    }
    if (rule_.change) see(rule_.change->of, rule_.hold || rule_.change->of_window);
    for (const auto& action : rule_.actions) see(action, delayed);
    for (const auto& action : rule_.back) see(action, false);
    if (rule_.window) {
      if (rule_.window->close_when) see(*rule_.window->close_when, false);
      if (rule_.window->time) see(*rule_.window->time, false);
      for (const Expression& inner : rule_.window->inners) see(inner, false);
      for (const CollectEntry& entry : rule_.window->collect) see(entry.expression, true);
    }
    rule_.keeps = {later.has(Variable::payload), later.has(Variable::message), later.has(Variable::topic),
                   later.has(Variable::state)};
    // The payload of what fired is `state.fired.payload`.
    if (rule_.uses_fired && delayed) rule_.keeps.payload = true;
  }

  const RuleDefinition& definition_;
  const CompileContext& context_;
  std::vector<Problem>& problems_;
  std::string prefix_;
  Scope key_scope_;
  Scope message_scope_;
  Scope window_scope_;
  Scope action_scope_;
  CompiledRule rule_;
};

}  // namespace

CompiledRule compile_rule(const RuleDefinition& definition, const CompileContext& context,
                          std::vector<Problem>& problems) {
  return Compiler(definition, context, problems).run();
}

void check_shared_filters(const std::vector<CompiledRule>& compiled,
                          const std::vector<RuleDefinition>& definitions, int mqtt_version,
                          std::vector<Problem>& problems) {
  if (mqtt_version != 3) return;
  for (std::size_t i = 0; i < compiled.size(); ++i) {
    for (std::size_t f = 0; f < compiled[i].filters.size(); ++f) {
      const TopicFilter& shared = compiled[i].filters[f];
      if (!shared.shared()) continue;
      const auto clashes = [&](const CompiledRule& other) {
        return std::any_of(other.filters.begin(), other.filters.end(), [&](const TopicFilter& filter) {
          return filter.subscription() != shared.subscription() && overlap(filter, shared);
        });
      };
      const auto other = std::find_if(compiled.begin(), compiled.end(), clashes);
      if (other == compiled.end()) continue;
      problems.push_back(
          {definitions[i].topics[f].at, fmt::format("[rule.{}] topic", compiled[i].id),
           fmt::format(
               "a filter of [rule.{}] overlaps this shared one, and with `version = 3` their copies of a "
               "message cannot be told apart; use version 5, or filters that do not overlap",
               other->id)});
    }
  }
}

}  // namespace sundial::rules
