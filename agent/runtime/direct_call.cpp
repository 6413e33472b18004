// A call that goes straight to a workflow, as a record of the outbox.
#include "agent/runtime/direct_call.hpp"

#include "agent/config/definitions.hpp"
#include "agent/core/actions/actions.hpp"
#include "agent/core/engine/recorder.hpp"
#include "agent/runtime/rules_in_force.hpp"

namespace sundial::runtime {
namespace {

std::string escaped(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (const char letter : text) {
    plain += letter;
    if (letter == '{' || letter == '}') plain += letter;
  }
  return plain;
}

// The values come from JSON, whose depth was bounded when it was read.
Value without_templates(const Value& value) {
  if (const std::string* text = value.text()) return Value(escaped(*text));
  if (const auto* list = value.get_if<List>()) {
    List plain;
    for (const Value& item : *list) plain.push_back(without_templates(item));
    return Value(std::move(plain));
  }
  if (const auto* map = value.get_if<Map>()) {
    Map plain;
    for (const auto& [key, item] : *map) plain.append(key, without_templates(item));
    return Value(std::move(plain));
  }
  return value;
}

// All texts are values, but for `{result}` and `{status}`, which nobody can know yet.
Map values_of(const Map& action) {
  Map plain;
  for (const auto& [key, value] : action) {
    const bool template_still = *key.text() == "result_to";
    plain.append(key, template_still ? value : without_templates(value));
  }
  return plain;
}

}  // namespace

Result<model::OutboxRecord> record_of(const api::DirectCall& call, const std::string& device,
                                      const std::string& call_id, Moment now) {
  std::vector<model::Problem> problems;
  const auto definition = config::read_action(call.kind, Value(values_of(call.action)), problems);
  std::optional<actions::CompiledAction> compiled;
  if (definition) {
    compiled = actions::CompiledAction::compile(*definition, {}, {std::string(model::name_of(call.kind)), 1},
                                                problems);
  }
  if (!compiled || !problems.empty()) return error_of(problems);

  actions::Firing firing;
  firing.owner = call.origin.id;
  firing.message_id = call_id;
  firing.at = now.wall;
  auto rendered = compiled->render({}, firing);
  if (rendered.size() != 1) return Error(ErrorKind::invalid, "each is for rules");
  if (!rendered.front()) return rendered.front().error();
  engine::Cause cause;
  cause.origin = call.origin;
  cause.origin.event = call_id;
  cause.identity = device + "/" + call.origin.id + "/" + call_id;
  cause.decided = now;
  return engine::record_of(cause, "0", std::move(*rendered.front()));
}

}  // namespace sundial::runtime
