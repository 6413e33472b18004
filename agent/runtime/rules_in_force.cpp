// The rules and schedules in force as one text: what the store keeps, and what a reload puts into the
// journal.
#include "agent/runtime/rules_in_force.hpp"

#include <map>
#include <set>

#include "agent/config/definitions.hpp"
#include "platform/base/time.hpp"
#include "platform/json/json.hpp"

namespace sundial::runtime {
namespace {

// There may be thousands, and a fingerprint is the table's JSON already.
template <typename Definition>
std::string definitions_text(const std::vector<Definition>& definitions) {
  std::string text = "[";
  for (const Definition& definition : definitions) {
    if (text.size() > 1) text += ',';
    text += R"({"id":)" + json::write(Value(definition.id)) + R"(,"table":)" + definition.fingerprint + '}';
  }
  return text + "]";
}

std::string text_of(const Value& value, std::string_view key) {
  const Value* member = value.find(key);
  const std::string* text = member == nullptr ? nullptr : member->text();
  return text == nullptr ? std::string() : *text;
}

template <typename Definition, typename Read>
Result<std::vector<Definition>> read_definitions(const Value& document, std::string_view key, Read read) {
  std::vector<Definition> definitions;
  const Value* list = document.find(key);
  const List* entries = list == nullptr ? nullptr : list->get_if<List>();
  if (entries == nullptr) return Error(ErrorKind::corrupt, "the rules in force can't be read");
  for (const Value& entry : *entries) {
    const Value* table = entry.find("table");
    std::vector<model::Problem> problems;
    auto definition = read(text_of(entry, "id"), table == nullptr ? Value(Map()) : *table, problems);
    if (!definition) {
      return Error(ErrorKind::unsupported, problems.empty() ? "a rule in force can't be read"
                                                            : model::format_problem(problems.front()));
    }
    definitions.push_back(std::move(*definition));
  }
  return definitions;
}

template <typename Definition>
void add_changed(const std::vector<Definition>& before, const std::vector<Definition>& after,
                 std::string_view kind, std::vector<std::string>& changed) {
  std::map<std::string, std::string> old;
  for (const Definition& definition : before) old.emplace(definition.id, definition.fingerprint);
  for (const Definition& definition : after) {
    const auto found = old.find(definition.id);
    if (found == old.end() || found->second != definition.fingerprint) {
      changed.push_back(std::string(kind) + definition.id);
    }
    if (found != old.end()) old.erase(found);
  }
  for (const auto& [id, fingerprint] : old) changed.push_back(std::string(kind) + id);
}

}  // namespace

std::string write_rules(const model::Configuration& configuration) {
  Map document;
  document.set("device", configuration.device.name);
  document.set("time_zone", configuration.device.time_zone);
  document.set("clock_wait", format_duration(configuration.device.clock_wait));
  document.set("task_queue", configuration.temporal.task_queue);
  std::string text = json::write(document);
  text.pop_back();  // the brace
  return text + R"(,"rules":)" + definitions_text(configuration.rules) + R"(,"schedules":)" +
         definitions_text(configuration.schedules) + "}";
}

Result<model::Configuration> read_rules(std::string_view text, const model::Configuration& base) {
  auto document = json::parse(text);
  if (!document) return document.error();
  model::Configuration configuration = base;
  configuration.device.name = text_of(*document, "device");
  configuration.device.time_zone = text_of(*document, "time_zone");
  configuration.device.clock_wait =
      parse_duration(text_of(*document, "clock_wait")).value_or(base.device.clock_wait);
  configuration.temporal.task_queue = text_of(*document, "task_queue");
  auto rules = read_definitions<model::RuleDefinition>(
      *document, "rules",
      [](const std::string& id, const Value& body, std::vector<model::Problem>& problems) {
        return config::read_rule(id, body, problems, config::Written::in_a_file);
      });
  if (!rules) return rules.error();
  auto schedules = read_definitions<model::ScheduleDefinition>(
      *document, "schedules",
      [](const std::string& id, const Value& body, std::vector<model::Problem>& problems) {
        return config::read_schedule(id, body, problems, config::Written::in_a_file);
      });
  if (!schedules) return schedules.error();
  configuration.rules = std::move(*rules);
  configuration.schedules = std::move(*schedules);
  return configuration;
}

std::vector<model::StoredSchedule> stored_schedules(const std::vector<model::StateChange>& state) {
  constexpr std::string_view kOwner = "schedule/";
  std::vector<model::StoredSchedule> schedules;
  for (const model::StateChange& change : state) {
    if (change.key != "definition" || !change.bytes || !std::string_view(change.owner).starts_with(kOwner))
      continue;
    const auto body = json::parse(*change.bytes);
    std::vector<model::Problem> problems;
    auto definition =
        body ? config::read_schedule(change.owner.substr(kOwner.size()), *body, problems) : std::nullopt;
    if (definition) schedules.push_back({std::move(*definition), *change.bytes});
  }
  return schedules;
}

std::vector<std::string> changed_names(const model::Configuration& before,
                                       const model::Configuration& after) {
  std::vector<std::string> changed;
  add_changed(before.rules, after.rules, "rule.", changed);
  add_changed(before.schedules, after.schedules, "schedule.", changed);
  return changed;
}

void tell_of_places(const model::Configuration& before, const model::Configuration& after, Log& log) {
  const auto ids = [](const model::Configuration& configuration) {
    std::set<std::string_view> all;
    for (const model::ScheduleDefinition& schedule : configuration.schedules) all.insert(schedule.id);
    return all;
  };
  const auto former = ids(before);
  const auto present = ids(after);
  for (const auto& [definition, json] : after.stored_schedules) {
    const bool was_hidden = former.contains(definition.id);
    const bool is_hidden = present.contains(definition.id);
    if (is_hidden && !was_hidden) {
      log.warning("schedule.replaced", "a schedule of the file takes the place of the one made over the API",
                  {{"schedule", definition.id}});
    } else if (was_hidden && !is_hidden) {
      log.info("schedule.back", "the schedule made over the API is back: the file has none of this id",
               {{"schedule", definition.id}});
    }
  }
}

Error error_of(const std::vector<model::Problem>& problems) {
  std::string text;
  for (const model::Problem& problem : problems) {
    if (!text.empty()) text += '\n';
    text += model::format_problem(problem);
  }
  return {ErrorKind::invalid, text};
}

std::unique_ptr<engine::Engine> follow(engine::Engine& old, const model::Configuration& next,
                                       const ZoneSource& zones, Moment at, model::Effects& effects,
                                       std::vector<model::StateChange>& state,
                                       std::vector<model::Problem>& problems) {
  auto engine = engine::Engine::create(next, zones, problems);
  if (!engine) return nullptr;
  old.retire(next, at, effects);
  for (model::StateChange& change : old.collect()) state.push_back(std::move(change));
  for (const model::StateChange& kept : old.everything()) {
    if (kept.bytes) engine->restore(kept.owner, kept.key, *kept.bytes);
  }
  engine->begin(at);
  return engine;
}

}  // namespace sundial::runtime
