// The tables at the top of the file, and what all actions have in common.
#include "agent/config/sections.hpp"

#include <algorithm>
#include <tuple>

namespace sundial::config {

const std::vector<ActionDoc>& action_docs() {
  using model::ActionKind;
  static const std::vector<ActionDoc> docs{
      {ActionKind::start, "Starts a workflow."},
      {ActionKind::signal, "Signals a workflow."},
      {ActionKind::signal_with_start, "Signals a workflow, and starts it where it does not run."},
      {ActionKind::cancel, "Asks a workflow to cancel."},
      {ActionKind::terminate, "Ends a workflow."},
      {ActionKind::complete, "Completes an activity."},
      {ActionKind::fail, "Fails an activity."},
      {ActionKind::heartbeat, "Records an activity's heartbeat."},
      {ActionKind::publish, "Publishes an MQTT message."},
  };
  return docs;
}

void read_actions(Reader& reader, const model::Node& node, model::ActionKind kind,
                  std::vector<model::ActionDefinition>& into) {
  for (const model::Node* item : reader.one_or_many(node)) {
    if (reader.table(*item) != nullptr) into.push_back({kind, *item});
  }
}

void sort_actions(std::vector<model::ActionDefinition>& actions) {
  std::stable_sort(actions.begin(), actions.end(),
                   [](const model::ActionDefinition& left, const model::ActionDefinition& right) {
                     const auto place = [](const model::ActionDefinition& action) {
                       return std::tuple(action.table->at.line, action.table->at.column);
                     };
                     return place(left) < place(right);
                   });
}

const std::vector<TopTable>& top_tables() {
  static const std::vector<TopTable> tables{
      {"device", "The device itself.", false, device_section().settings()},
      {"temporal", "Temporal's frontend and how it is spoken to.", false, temporal_section().settings()},
      {"mqtt", "The broker; left out, there is none.", false, mqtt_section().settings()},
      {"http", "The HTTP surface.", false, http_section().settings()},
      {"webhook", "The secret of one webhook.", true, webhook_section().settings()},
      {"log", "The log.", false, log_section().settings()},
      {"store", "The durable state.", false, store_section().settings()},
      {"schedule", "When something is due on this device.", true, schedule_section().settings()},
      {"rule", "What to do about messages.", true, rule_section().settings()},
  };
  return tables;
}

}  // namespace sundial::config
