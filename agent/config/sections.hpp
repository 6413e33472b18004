// The sections of the configuration: every key of every table, declared once.
#pragma once

#include "agent/config/setting.hpp"
#include "agent/core/model/settings.hpp"

namespace sundial::config {

const Section<model::DeviceSettings>& device_section();
const Section<model::TemporalSettings>& temporal_section();
const Section<model::MqttSettings>& mqtt_section();
const Section<model::HttpSettings>& http_section();
const Section<model::LogSettings>& log_section();
const Section<model::StoreSettings>& store_section();

// [webhook.NAME]: one struct a name, so that it is declared like the others.
struct WebhookSettings {
  std::string secret_file;
};
const Section<WebhookSettings>& webhook_section();

const Section<model::ScheduleDefinition>& schedule_section();
const Section<model::RuleDefinition>& rule_section();

// What stands at the top of the file, in the order of the reference.
struct TopTable {
  std::string name;
  std::string doc;
  bool by_id = false;  // [rule.ID]
  std::vector<Setting> settings;
};
const std::vector<TopTable>& top_tables();

// A key that takes the tables of one kind of action. They are kept in the order of the file over all
// kinds; what each may hold is checked where actions are compiled.
void read_actions(Reader& reader, const model::Node& node, model::ActionKind kind,
                  std::vector<model::ActionDefinition>& into);

// Into the order of the source, also where two kinds take turns.
void sort_actions(std::vector<model::ActionDefinition>& actions);

// The kinds in the order of the reference, with what each does.
struct ActionDoc {
  model::ActionKind kind;
  std::string_view doc;
};
const std::vector<ActionDoc>& action_docs();

// A row for each kind of action, into the vector that M names.
template <auto M>
std::vector<Key<StructOf<M>>> actions() {
  using S = StructOf<M>;
  std::vector<Key<S>> rows;
  for (const ActionDoc& action : action_docs()) {
    Setting declared{.name = std::string(model::name_of(action.kind)),
                     .shape = Shape::actions,
                     .doc = std::string(action.doc),
                     .listable = true};
    rows.push_back(
        {std::move(declared), [kind = action.kind](Reader& reader, const model::Node& node, S& into) {
           read_actions(reader, node, kind, into.*M);
         }});
  }
  return rows;
}

}  // namespace sundial::config
