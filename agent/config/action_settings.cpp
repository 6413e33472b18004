// The tables of actions, as the reference tells of them.
#include "agent/config/reference.hpp"

namespace sundial::config {
namespace {

using model::ActionKind;

Setting templated(std::string name, std::string doc, bool required = false) {
  return {.name = std::move(name), .shape = Shape::templated, .doc = std::move(doc), .required = required};
}

Setting of_shape(std::string name, Shape shape, std::string doc) {
  return {.name = std::move(name), .shape = shape, .doc = std::move(doc)};
}

Setting word(std::string name, std::string doc, std::vector<std::string> choices, std::string fallback) {
  return {.name = std::move(name),
          .shape = Shape::choice,
          .doc = std::move(doc),
          .fallback = std::move(fallback),
          .choices = std::move(choices)};
}

Setting number(std::string name, std::string doc, double least, std::optional<double> most,
               std::string fallback) {
  return {.name = std::move(name),
          .shape = Shape::integer,
          .doc = std::move(doc),
          .fallback = std::move(fallback),
          .least = least,
          .most = most};
}

Setting arguments(std::string name, std::string doc) {
  return {.name = std::move(name), .shape = Shape::values, .doc = std::move(doc), .fallback = "[]"};
}

Setting value(std::string name, std::string doc) {
  return of_shape(std::move(name), Shape::value, std::move(doc));
}

Setting retry() {
  Setting setting = of_shape("retry", Shape::table, "The workflow's own retry policy.");
  setting.inner = {of_shape("initial", Shape::duration, "The first wait."),
                   of_shape("backoff", Shape::number, "By how much each wait grows."),
                   of_shape("maximum", Shape::duration, "The longest wait."),
                   number("attempts", "The most attempts; 0 is unlimited.", 0, {}, "")};
  return setting;
}

Setting result_to() {
  Setting setting = of_shape("result_to", Shape::table, "Publishes the workflow's end.");
  Setting payload = value("payload", "What is published; `{result}` and `{status}` are there.");
  payload.fallback = "\"{result}\"";
  setting.inner = {templated("topic", "Where.", true), std::move(payload)};
  return setting;
}

// What a start takes, by itself or beside a signal.
std::vector<Setting> start_settings(bool with_signal) {
  std::vector<Setting> all{templated("workflow", "The workflow's type.", true)};
  Setting id = templated("id", "The workflow's id.", with_signal);
  if (!with_signal) id.fallback = "made of the rule or schedule and its message or due time";
  all.push_back(std::move(id));
  Setting queue = templated("task_queue", "The task queue.");
  queue.fallback = "that of [temporal]";
  all.push_back(std::move(queue));
  all.push_back(arguments(with_signal ? "start_args" : "args", "The workflow's arguments."));
  all.push_back(with_signal ? word("if_running", "What happens while the id runs.",
                                   {"use_existing", "terminate_existing"}, "\"use_existing\"")
                            : word("if_running", "What happens while the id runs.",
                                   {"fail", "use_existing", "terminate_existing"}, "\"fail\""));
  all.push_back(word("reuse", "Whether an id that has ended may start again.",
                     {"allow", "failed_only", "reject"},
                     "`reject` where the id was left out or names this firing, else `allow`"));
  all.push_back(of_shape("start_delay", Shape::duration, "Temporal waits so long before the first task."));
  all.push_back(of_shape("execution_timeout", Shape::duration, "Bounds the whole chain of runs."));
  all.push_back(of_shape("run_timeout", Shape::duration, "Bounds one run."));
  all.push_back(of_shape("memo", Shape::map, "Values that are listed with the workflow."));
  all.push_back(of_shape("search_attributes", Shape::map,
                         "Values by which workflows are found; the server knows the "
                         "types."));
  all.push_back(of_shape("headers", Shape::map, "Values for interceptors."));
  all.push_back(retry());
  all.push_back(result_to());
  return all;
}

void append(std::vector<Setting>& all, std::vector<Setting> more) {
  for (Setting& setting : more) all.push_back(std::move(setting));
}

std::vector<Setting> own_settings(ActionKind kind) {
  const std::vector<Setting> activity{templated("workflow_id", "The id of the activity's workflow.", true),
                                      templated("activity_id", "The activity's id.", true)};
  std::vector<Setting> all;
  switch (kind) {
    case ActionKind::start:
      append(all, start_settings(false));
      break;
    case ActionKind::signal:
      append(all,
             {templated("id", "The workflow's id.", true), templated("name", "The signal's name.", true),
              arguments("args", "The signal's arguments."),
              word("merge", "`list`: what waits for the same workflow and signal goes as one, in a list.",
                   {"list"}, "")});
      break;
    case ActionKind::signal_with_start:
      append(all, start_settings(true));
      append(all,
             {templated("name", "The signal's name.", true), arguments("args", "The signal's arguments.")});
      break;
    case ActionKind::cancel:
    case ActionKind::terminate:
      append(all, {templated("id", "The workflow's id.", true), templated("reason", "Why, for people.")});
      break;
    case ActionKind::complete:
      append(all, activity);
      all.push_back(value("result", "The activity's result."));
      break;
    case ActionKind::fail:
      append(all, activity);
      all.push_back(value("failure", "A text, or `{ message, type, non_retryable, details }`."));
      break;
    case ActionKind::heartbeat:
      append(all, activity);
      all.push_back(value("details", "What the heartbeat says."));
      break;
    case ActionKind::publish:
      append(all, {templated("topic", "The topic, without wildcards.", true),
                   value("payload", "Text and bytes as they are, anything else as its JSON."),
                   number("qos", "0, 1 or 2.", 0, 2, "1"),
                   of_shape("retain", Shape::boolean, "Whether the broker keeps it."),
                   of_shape("expiry", Shape::duration,
                            "How long an MQTT 5 broker keeps it for those who are away.")});
      break;
  }
  return all;
}

}  // namespace

std::vector<Setting> action_settings(ActionKind kind) {
  std::vector<Setting> all = own_settings(kind);
  Setting expires = of_shape("expires", Shape::duration, "Dropped when not delivered after so long.");
  expires.fallback = "that of `[store] max_age`";
  append(all, {of_shape("each", Shape::expression,
                        "A list: one action for each element, which is `each` in templates."),
               std::move(expires),
               number("priority", "0 first; orders different workflow ids only.", 0, {}, "0")});
  return all;
}

}  // namespace sundial::config
