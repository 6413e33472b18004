// Compiling the tables of actions, and rendering them at a firing.
#include "agent/core/actions/actions.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "agent/core/actions/compiled_node.hpp"
#include "agent/core/actions/keys.hpp"
#include "agent/core/actions/result_to.hpp"
#include "platform/base/text.hpp"

namespace sundial::actions {

using expression::Variable;

struct CompiledAction::Compiled {
  struct Entry {
    const Key* key;
    CompiledNode node;
  };

  model::ActionKind kind = model::ActionKind::start;
  int start_number = 1;
  std::vector<Entry> entries;  // in the order in which they are written
  std::optional<expression::Expression> each;
  std::optional<ResultTo> result_to;

  bool has_id() const {
    return std::any_of(entries.begin(), entries.end(),
                       [](const Entry& entry) { return entry.key->name == "id"; });
  }
  bool id_names(Variable variable, std::string_view field) const;
  void for_each_template(const std::function<void(const Template&)>& visit) const;
};

namespace {

class Compiler {
 public:
  Compiler(const expression::Scope& scope, const CompiledAction::Place& place,
           std::vector<model::Problem>& problems)
      : scope_(scope), scope_with_each_(scope), place_(place), problems_(problems) {}

  template <typename Compiled>
  bool compile(const model::ActionDefinition& definition, Compiled& compiled) {
    const std::size_t before = problems_.size();
    const auto* table = std::get_if<model::Table>(&definition.table->data);
    if (table == nullptr) {
      report(definition.table->at, "", "a table is expected, or a list of tables");
      return false;
    }
    if (definition.table->find("each") != nullptr) scope_with_each_.variables.add(Variable::each);
    for (const model::Entry& entry : *table) compile_entry(definition.kind, entry, compiled);
    for (const Key& key : keys_of(definition.kind)) {
      if (key.required && definition.table->find(key.name) == nullptr) {
        report(definition.table->at, "", fmt::format("'{}' is missing", key.name));
      }
    }
    return problems_.size() == before;
  }

 private:
  template <typename Compiled>
  void compile_entry(model::ActionKind kind, const model::Entry& entry, Compiled& compiled) {
    const Key* key = find_key(kind, entry.key);
    if (key == nullptr) return unknown_key(kind, entry);
    if (key->form == Form::expression) return compile_each(entry, compiled);
    const std::string where = where_of(entry.key);
    if (key->form == Form::result_to) {
      compiled.result_to = ResultTo::compile(entry.value, scope_with_each_, where, problems_);
      compiled.entries.push_back({key, CompiledNode{raw_value(entry.value), entry.value.at}});
      return;
    }
    auto node = CompiledNode::compile(entry.value, scope_with_each_, where, problems_);
    if (!node) return;
    check(*key, *node);
    compiled.entries.push_back({key, std::move(*node)});
  }

  // What can be told now of the value: all of it where it is constant, else its outer form.
  void check(const Key& key, CompiledNode& node) {
    if (auto* value = std::get_if<Value>(&node.data)) {
      if (const auto problem = fit(key.form, *value)) report(node.at, key.name, *problem);
      return;
    }
    const bool is_list = std::holds_alternative<CompiledNode::Items>(node.data);
    const bool is_table = std::holds_alternative<CompiledNode::Members>(node.data);
    if (!is_list && !is_table) return;
    Value outer = is_list ? Value(List{}) : Value(Map{});
    const bool may_be_table = key.form == Form::failure || key.form == Form::retry;
    if (is_table && may_be_table) return;
    if (const auto problem = fit(key.form, outer)) report(node.at, key.name, *problem);
  }

  template <typename Compiled>
  void compile_each(const model::Entry& entry, Compiled& compiled) {
    const auto* text = std::get_if<std::string>(&entry.value.data);
    if (text == nullptr) {
      return report(entry.value.at, "each",
                    "an expression that gives a list is expected, such as \"payload.targets\"");
    }
    compiled.each = expression::Expression::compile(model::Text{*text, entry.value.at}, scope_,
                                                    where_of("each"), problems_);
  }

  void unknown_key(model::ActionKind kind, const model::Entry& entry) {
    std::vector<std::string_view> names;
    for (const Key& key : keys_of(kind)) names.push_back(key.name);
    const auto meant = did_you_mean(entry.key, names);
    report(entry.key_at, "",
           fmt::format("unknown key '{}'{}", printable(entry.key, 40),
                       meant ? fmt::format("; did you mean '{}'?", *meant) : ""));
  }

  std::string where_of(std::string_view key) const {
    return key.empty() ? place_.where : fmt::format("{}.{}", place_.where, key);
  }
  void report(const model::Position& at, std::string_view key, std::string what) {
    problems_.push_back({at, where_of(key), std::move(what)});
  }

  const expression::Scope& scope_;
  expression::Scope scope_with_each_;
  const CompiledAction::Place& place_;
  std::vector<model::Problem>& problems_;
};

}  // namespace

bool CompiledAction::Compiled::id_names(Variable variable, std::string_view field) const {
  bool found = false;
  for (const Entry& entry : entries) {
    if (entry.key->name != "id") continue;
    entry.node.for_each_template([&](const Template& text) { found = found || text.names(variable, field); });
  }
  return found;
}

void CompiledAction::Compiled::for_each_template(const std::function<void(const Template&)>& visit) const {
  for (const Entry& entry : entries) entry.node.for_each_template(visit);
  if (result_to) result_to->for_each_template(visit);
}

CompiledAction::CompiledAction(std::unique_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}
CompiledAction::CompiledAction(CompiledAction&&) noexcept = default;
CompiledAction& CompiledAction::operator=(CompiledAction&&) noexcept = default;
CompiledAction::~CompiledAction() = default;

std::optional<CompiledAction> CompiledAction::compile(const model::ActionDefinition& definition,
                                                      const expression::Scope& scope, const Place& place,
                                                      std::vector<model::Problem>& problems) {
  auto compiled = std::make_unique<Compiled>();
  compiled->kind = definition.kind;
  compiled->start_number = place.start_number;
  if (!Compiler(scope, place, problems).compile(definition, *compiled)) return std::nullopt;
  return CompiledAction(std::move(compiled));
}

model::ActionKind CompiledAction::kind() const {
  return compiled_->kind;
}

Result<RenderedAction> CompiledAction::render_one(const expression::Bindings& bindings, const Firing& firing,
                                                  std::optional<std::size_t> element) const {
  RenderedAction rendered;
  rendered.kind = compiled_->kind;
  rendered.id_names_event = id_names_event();
  for (const Compiled::Entry& entry : compiled_->entries) {
    Result<Value> value = entry.node.render(bindings);
    if (!value) return value.error().within(entry.key->name);
    if (const auto problem = fit(entry.key->form, *value)) {
      return Error(ErrorKind::invalid, *problem).within(entry.key->name);
    }
    if (entry.key->name == "expires") rendered.expires = *parse_duration(*value->text());
    if (entry.key->name == "priority") rendered.priority = static_cast<int>(*value->get_if<std::int64_t>());
    rendered.action.append(entry.key->name, std::move(*value));
  }
  if (compiled_->kind == model::ActionKind::start && !compiled_->has_id()) {
    Value id(made_id(firing, compiled_->start_number, element));
    if (const auto problem = fit(Form::id, id)) return Error(ErrorKind::invalid, *problem).within("id");
    rendered.id_left_out = true;
    rendered.action.append("id", std::move(id));
  }
  if (compiled_->result_to) {
    Result<Value> result_to = compiled_->result_to->fill_in(bindings);
    if (!result_to) return result_to.error().within("result_to");
    rendered.result_to = std::move(*result_to);
  }
  return rendered;
}

std::vector<Result<RenderedAction>> CompiledAction::render(const expression::Bindings& bindings,
                                                           const Firing& firing) const {
  std::vector<Result<RenderedAction>> all;
  if (!compiled_->each) {
    all.push_back(render_one(bindings, firing, std::nullopt));
    return all;
  }
  const Result<Value> elements = compiled_->each->evaluate(bindings);
  const List* list = elements ? elements->get_if<List>() : nullptr;
  if (!elements) {
    all.emplace_back(elements.error().within("each"));
  } else if (list == nullptr) {
    all.emplace_back(Error(ErrorKind::invalid, "each: this is no list"));
  } else {
    expression::Bindings with_each = bindings;
    for (std::size_t i = 0; i < list->size(); ++i) {
      with_each.each = &(*list)[i];
      all.push_back(render_one(with_each, firing, i));
    }
  }
  return all;
}

expression::Variables CompiledAction::uses() const {
  expression::Variables all;
  if (compiled_->each) all.add(compiled_->each->uses());
  compiled_->for_each_template([&](const Template& text) { all.add(text.uses()); });
  return all;
}

bool CompiledAction::names(Variable variable, std::string_view field) const {
  bool found = compiled_->each && compiled_->each->names(variable, field);
  compiled_->for_each_template([&](const Template& text) { found = found || text.names(variable, field); });
  return found;
}

bool CompiledAction::id_names_event() const {
  if (compiled_->kind == model::ActionKind::start && !compiled_->has_id()) return true;
  return compiled_->id_names(Variable::message, "id") || compiled_->id_names(Variable::schedule, "time") ||
         compiled_->id_names(Variable::window, "start") || compiled_->id_names(Variable::window, "end");
}

bool CompiledAction::id_names_due_time() const {
  if (compiled_->kind == model::ActionKind::start && !compiled_->has_id()) return true;
  return compiled_->id_names(Variable::schedule, "time");
}

std::vector<CompiledAction> compile_all(const std::vector<model::ActionDefinition>& definitions,
                                        const expression::Scope& scope, const std::string& where,
                                        std::vector<model::Problem>& problems) {
  std::vector<CompiledAction> all;
  int starts = 0;
  for (const model::ActionDefinition& definition : definitions) {
    CompiledAction::Place place{fmt::format("{} {}", where, model::name_of(definition.kind)), 1};
    if (definition.kind == model::ActionKind::start) place.start_number = ++starts;
    if (auto action = CompiledAction::compile(definition, scope, place, problems))
      all.push_back(std::move(*action));
  }
  return all;
}

}  // namespace sundial::actions
