// [rule.ID]: its keys, its window and its actions.
#include "agent/config/sections.hpp"

#include <limits>

namespace sundial::config {
namespace {

using model::ChangeDefinition;
using model::RuleDefinition;
using model::WindowDefinition;

void read_change_by(Reader& reader, const model::Node& node, ChangeDefinition& into) {
  const auto* text = std::get_if<std::string>(&node.data);
  if (text == nullptr || !text->ends_with('%')) {
    if (auto by = reader.number(node, 0, std::numeric_limits<double>::max())) into.by = *by;
    return;
  }
  const auto percent = parse_number(text->substr(0, text->size() - 1));
  if (!percent || *percent < 0) {
    reader.problem(node.at, fmt::format("'{}' is no percentage; write it as \"5%\"", printable(*text, 40)));
    return;
  }
  into.by = *percent;
  into.percent = true;
}

const Section<ChangeDefinition>& change_section() {
  static const Section<ChangeDefinition> section = [] {
    Key<ChangeDefinition> of = text<&ChangeDefinition::of>("of", "What must have moved.", Shape::expression);
    return Section<ChangeDefinition>{{
        std::move(of).required(),
        own("by", Shape::number,
            "By how much at least, or \"5%\" of the value last fired; left out, any other value.",
            read_change_by),
    }};
  }();
  return section;
}

const Section<WindowDefinition>& window_section() {
  using W = WindowDefinition;
  static const Section<W> section{{
      integer<&W::count>("count", "Closes with this many messages.", 1, 1'000'000),
      duration<&W::timeout>("timeout", "Closes so long after its first message."),
      text<&W::close_when>("close_when", "Closes with the message on which this holds.", Shape::expression),
      duration<&W::every>("every", "A period of the clock: tumbling windows."),
      duration<&W::over>("over", "A multiple of `every`: sliding windows."),
      duration<&W::session>("session", "Closes when a key was quiet for so long."),
      text<&W::time>("time", "The message's own time; left out, the time of arrival.", Shape::expression),
      duration<&W::lateness>("lateness", "Waits so long for late messages.", Millis{0}).otherwise("\"0s\""),
      duration<&W::ahead>("ahead", "A time further in the future is an error.", Millis{0})
          .otherwise("\"1h\""),
      integer<&W::max_items>("max_items", "The most values that a `list` or `distinct` keeps.", 1,
                             10'000'000),
      size<&W::max_bytes>("max_bytes", "The most bytes of JSON that a `list` or `distinct` keeps.", 1,
                          256 * 1024 * 1024),
  }};
  return section;
}

void read_window(Reader& reader, const model::Node& node, RuleDefinition& into) {
  WindowDefinition window;
  read_table(reader, node, window_section(), window);
  window.source = node;
  into.window = std::move(window);
}

void read_collect(Reader& reader, const model::Node& node, RuleDefinition& into) {
  const model::Table* table = reader.table(node);
  if (table == nullptr) return;
  for (const model::Entry& entry : *table) {
    const Reader::Below below(reader, entry.key);
    if (auto value = reader.text(entry.value)) {
      into.collect.emplace_back(entry.key, model::Text{std::move(*value), entry.value.at});
    }
  }
}

struct Back {
  std::vector<model::ActionDefinition> actions;
};
const Section<Back>& back_section() {
  static const Section<Back> section{actions<&Back::actions>()};
  return section;
}

void read_back(Reader& reader, const model::Node& node, RuleDefinition& into) {
  Back back;
  read_table(reader, node, back_section(), back);
  sort_actions(back.actions);
  into.back = std::move(back.actions);
}

void read_qos(Reader& reader, const model::Node& node, RuleDefinition& into) {
  const auto qos = reader.integer(node, 0, 2);
  if (!qos) return;
  if (*qos == 2) {
    reader.problem(
        node.at,
        "QoS 2 is refused: it is acknowledged before a message is safe on disk; write 1, which loses "
        "nothing, and `unique` where a sender repeats itself");
    return;
  }
  into.qos = static_cast<int>(*qos);
}

std::vector<Key<RuleDefinition>> source_rows() {
  using R = RuleDefinition;
  std::vector<Key<R>> rows{
      texts<&R::topics>(
          "topic",
          "MQTT's filter in which `{name}` is a `+` with a name; `#` and `$share/group/…` as in MQTT; "
          "filters of one list have the same names."),
      text<&R::webhook>("webhook", "Instead of `topic`: calls of `POST /webhook/NAME`."),
      own("qos", Shape::integer, "0 or 1; 2 is refused.", read_qos),
      choice<&R::decode>("decode", "How payloads are read.",
                         {"auto", "json", "text", "cbor", "msgpack", "bytes"}),
      choice<&R::retained>("retained", "What is done with messages that the broker had kept.",
                           {"use", "ignore", "only"}),
  };
  rows[2].declared.fallback = fmt::format("{}", R{}.qos);
  rows[2].declared.least = 0;
  rows[2].declared.most = 1;
  return rows;
}

std::vector<Key<RuleDefinition>> condition_rows() {
  using R = RuleDefinition;
  return {
      text<&R::when>("when", "The condition.", Shape::expression),
      text<&R::key>("key", "Each key has its own state.", Shape::templated)
          .otherwise("the topic's names joined by `/`; none: one key"),
      text<&R::unique>("unique", "A value seen before for this key is no new event.", Shape::expression),
      text<&R::clear_when>("clear_when", "Once fired, a key stays quiet until this holds.",
                           Shape::expression),
      duration<&R::hold>("hold", "`when` must have held this long; fires by timer, with the latest message."),
      table<&R::change>("change", "Only when this has moved by so much since the last firing.",
                        change_section()),
      duration<&R::cooldown>("cooldown", "At most one firing a key in this time."),
      integer<&R::max_keys>("max_keys", "The key that was silent longest leaves first, and is counted.", 1,
                            100'000'000),
      duration<&R::silent_for>("silent_for",
                               "Fires once when a key that has been heard sends nothing for so long."),
  };
}

std::vector<Key<RuleDefinition>> window_rows() {
  using R = RuleDefinition;
  std::vector<Key<R>> rows{
      own("window", Shape::table, "What the actions see together.", read_window),
      own("collect", Shape::map,
          "Aggregates over the window, by name: count sum avg min max first last list p50 p95 "
          "p99 stddev distinct rate.",
          read_collect),
      text<&R::having>("having", "Judges the closed window.", Shape::expression),
      own("back", Shape::table, "Actions for when a silent key is heard again.", read_back),
  };
  rows[0].declared.inner = window_section().settings();
  rows[3].declared.inner = back_section().settings();
  return rows;
}

}  // namespace

const Section<RuleDefinition>& rule_section() {
  static const Section<RuleDefinition> section = [] {
    Section<RuleDefinition> made;
    for (auto& rows : {source_rows(), condition_rows(), window_rows(), actions<&RuleDefinition::actions>()}) {
      made.keys.insert(made.keys.end(), rows.begin(), rows.end());
    }
    return made;
  }();
  return section;
}

}  // namespace sundial::config
