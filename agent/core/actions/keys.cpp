// The keys of each kind of action, and the checks of their values.
#include "agent/core/actions/keys.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "agent/core/actions/template.hpp"
#include "agent/core/expression/value_semantics.hpp"
#include "platform/base/text.hpp"
#include "platform/base/time.hpp"
#include "platform/json/json.hpp"

namespace sundial::actions {
namespace {

using model::ActionKind;

using Keys = std::vector<Key>;

Keys joined(std::initializer_list<Keys> groups) {
  Keys all;
  for (const Keys& group : groups) all.insert(all.end(), group.begin(), group.end());
  return all;
}

const Keys& common_keys() {
  static const Keys keys{{"each", Form::expression}, {"expires", Form::duration}, {"priority", Form::whole}};
  return keys;
}

// How a run is started, whether with a signal or without.
const Keys& run_keys() {
  static const Keys keys{{"workflow", Form::type, true},
                         {"task_queue", Form::text},
                         {"reuse", Form::reuse},
                         {"start_delay", Form::duration},
                         {"execution_timeout", Form::duration},
                         {"run_timeout", Form::duration},
                         {"memo", Form::table},
                         {"search_attributes", Form::table},
                         {"headers", Form::table},
                         {"retry", Form::retry},
                         {"result_to", Form::result_to}};
  return keys;
}

const Keys& activity_keys() {
  static const Keys keys{{"workflow_id", Form::id, true}, {"activity_id", Form::id, true}};
  return keys;
}

Keys make_keys(ActionKind kind) {
  switch (kind) {
    case ActionKind::start:
      return joined({run_keys(),
                     {{"id", Form::id}, {"args", Form::list}, {"if_running", Form::if_running}},
                     common_keys()});
    case ActionKind::signal:
      return joined(
          {{{"id", Form::id, true}, {"name", Form::name, true}, {"args", Form::list}, {"merge", Form::merge}},
           common_keys()});
    case ActionKind::signal_with_start:
      return joined({run_keys(),
                     {{"id", Form::id, true},
                      {"name", Form::name, true},
                      {"args", Form::list},
                      {"start_args", Form::list},
                      {"if_running", Form::if_running_with_signal}},
                     common_keys()});
    case ActionKind::cancel:
    case ActionKind::terminate:
      return joined({{{"id", Form::id, true}, {"reason", Form::text}}, common_keys()});
    case ActionKind::complete:
      return joined({activity_keys(), {{"result", Form::any}}, common_keys()});
    case ActionKind::fail:
      return joined({activity_keys(), {{"failure", Form::failure}}, common_keys()});
    case ActionKind::heartbeat:
      return joined({activity_keys(), {{"details", Form::any}}, common_keys()});
    case ActionKind::publish:
      return joined({{{"topic", Form::topic, true},
                      {"payload", Form::any},
                      {"qos", Form::qos},
                      {"retain", Form::boolean},
                      {"expiry", Form::duration}},
                     common_keys()});
  }
  return {};
}

const Key* find_in(const Keys& keys, std::string_view name) {
  for (const Key& key : keys) {
    if (key.name == name) return &key;
  }
  return nullptr;
}

using Problem = std::optional<std::string>;

Problem fit_text(Value& value) {
  if (expression::is_number(value)) value = text_of(value);
  if (value.text() != nullptr) return std::nullopt;
  return "a text is expected";
}

Problem fit_id(Value& value) {
  if (Problem problem = fit_text(value)) return problem;
  const std::string& id = *value.text();
  if (id.empty()) return "an id can't be empty";
  if (id.size() > kMaxId) return fmt::format("an id can't have more than {} bytes", kMaxId);
  if (id.find('/') != std::string::npos)
    return "an id can't have a slash: Temporal's HTTP API can't address it";
  return std::nullopt;
}

Problem fit_name(Value& value, bool in_path) {
  if (Problem problem = fit_text(value)) return problem;
  if (value.text()->empty()) return "a name can't be empty";
  if (in_path && value.text()->find('/') != std::string::npos)
    return "a name can't have a slash: Temporal's HTTP API can't address it";
  return std::nullopt;
}

Problem fit_topic(Value& value) {
  if (Problem problem = fit_text(value)) return problem;
  const std::string& topic = *value.text();
  constexpr std::size_t longest = 65535;
  if (topic.empty()) return "a topic can't be empty";
  if (topic.size() > longest) return fmt::format("a topic can't have more than {} bytes", longest);
  if (topic.find_first_of("+#") != std::string::npos || topic.find('\0') != std::string::npos) {
    return "a topic that is published to can't have + or #";
  }
  return std::nullopt;
}

Problem fit_duration(Value& value) {
  if (value.text() == nullptr) return "a duration is expected, such as \"30s\" or \"1h30m\"";
  const auto duration = parse_duration(*value.text());
  return duration ? std::nullopt : Problem(duration.error().message());
}

Problem fit_whole(Value& value, std::int64_t most) {
  const std::int64_t* number = value.get_if<std::int64_t>();
  if (number != nullptr && *number >= 0 && *number <= most) return std::nullopt;
  return fmt::format("a whole number from 0 to {} is expected", most);
}

Problem fit_one_of(Value& value, std::initializer_list<std::string_view> words) {
  std::string all;
  for (std::string_view word : words) {
    if (value.text() != nullptr && *value.text() == word) return std::nullopt;
    all += fmt::format("{}\"{}\"", all.empty() ? "" : ", ", word);
  }
  std::string meant;
  if (value.text() != nullptr) {
    if (const auto near = did_you_mean(*value.text(), words))
      meant = fmt::format("; did you mean \"{}\"?", *near);
  }
  return fmt::format("{}{} is expected{}", words.size() > 1 ? "one of " : "", all, meant);
}

std::string unknown_key(std::string_view name, const Keys& keys) {
  std::vector<std::string_view> names;
  for (const Key& key : keys) names.push_back(key.name);
  const auto meant = did_you_mean(name, names);
  return fmt::format("'{}' is not a key of it{}", printable(name, 40),
                     meant ? fmt::format("; did you mean '{}'?", *meant)
                           : fmt::format("; it has {}", fmt::join(names, ", ")));
}

// A table with these keys only; each brought into its form.
Problem fit_table(Value& value, const Keys& keys) {
  Map* map = value.get_if<Map>();
  if (map == nullptr) return "a table is expected";
  for (Map::Member& member : *map) {
    const std::string& name = *member.first.text();
    const Key* known = find_in(keys, name);
    if (known == nullptr) return unknown_key(name, keys);
    if (const Problem problem = fit(known->form, member.second))
      return fmt::format("{}: {}", known->name, *problem);
  }
  for (const Key& key : keys) {
    if (key.required && map->find(key.name) == nullptr) return fmt::format("'{}' is missing", key.name);
  }
  return std::nullopt;
}

Problem fit_failure(Value& value) {
  if (!value.is<Map>())
    return fit_text(value) ? Problem("a text or { message, type, non_retryable, details } is expected")
                           : std::nullopt;
  static const Keys keys{{"message", Form::text, true},
                         {"type", Form::text},
                         {"non_retryable", Form::boolean},
                         {"details", Form::any}};
  return fit_table(value, keys);
}

Problem fit_retry(Value& value) {
  Map* map = value.get_if<Map>();
  Value* backoff = map == nullptr ? nullptr : map->find("backoff");
  if (backoff != nullptr && (!expression::is_number(*backoff) || expression::as_double(*backoff) < 1)) {
    return "backoff: a number from 1 is expected, such as 2.0";
  }
  static const Keys keys{{"initial", Form::duration},
                         {"backoff", Form::any},
                         {"maximum", Form::duration},
                         {"attempts", Form::whole}};
  return fit_table(value, keys);
}

}  // namespace

const std::vector<Key>& keys_of(ActionKind kind) {
  constexpr std::size_t kinds = 9;
  static const auto all = [] {
    std::array<Keys, kinds> made;
    for (std::size_t i = 0; i < kinds; ++i) made[i] = make_keys(static_cast<ActionKind>(i));
    return made;
  }();
  return all[static_cast<std::size_t>(kind)];
}

const Key* find_key(ActionKind kind, std::string_view name) {
  return find_in(keys_of(kind), name);
}

std::optional<std::string> fit(Form form, Value& value) {
  // A `{payload}` passed on byte for byte is JSON text; what has a form is seen as the value that it means.
  if (const Verbatim* verbatim = value.get_if<Verbatim>(); verbatim != nullptr && form != Form::any) {
    if (Result<Value> meant = json::parse(verbatim->json)) value = *std::move(meant);
  }
  switch (form) {
    case Form::text:
      return fit_text(value);
    case Form::id:
      return fit_id(value);
    case Form::type:
      return fit_name(value, false);
    case Form::name:
      return fit_name(value, true);
    case Form::topic:
      return fit_topic(value);
    case Form::list:
      return value.is<List>() ? std::nullopt : Problem("a list is expected, such as [\"{payload}\"]");
    case Form::table:
      return value.is<Map>() ? std::nullopt : Problem("a table is expected");
    case Form::any:
    case Form::expression:
    case Form::result_to:
      return std::nullopt;
    case Form::duration:
      return fit_duration(value);
    case Form::whole:
      return fit_whole(value, std::numeric_limits<std::int32_t>::max());
    case Form::qos:
      return fit_whole(value, 1);
    case Form::boolean:
      return value.is<bool>() ? std::nullopt : Problem("true or false is expected");
    case Form::failure:
      return fit_failure(value);
    case Form::retry:
      return fit_retry(value);
    case Form::if_running:
      return fit_one_of(value, {"fail", "use_existing", "terminate_existing"});
    case Form::if_running_with_signal: {
      const bool fails = value.text() != nullptr && *value.text() == "fail";
      if (fails)
        return "a signal with start can't fail where the workflow runs, since it then signals it; write "
               "\"use_existing\" or \"terminate_existing\"";
      return fit_one_of(value, {"use_existing", "terminate_existing"});
    }
    case Form::reuse:
      return fit_one_of(value, {"allow", "failed_only", "reject"});
    case Form::merge:
      return fit_one_of(value, {"list"});
  }
  return std::nullopt;
}

}  // namespace sundial::actions
