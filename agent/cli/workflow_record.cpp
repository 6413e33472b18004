// What was typed as an action: Temporal's words on the command line, ours in the table.
#include <fmt/format.h>

#include <array>
#include <utility>

#include "agent/cli/workflow.hpp"
#include "platform/base/text.hpp"
#include "platform/crypto/crypto.hpp"
#include "platform/json/json.hpp"

namespace sundial::cli {
namespace {

constexpr std::size_t kLargestInput = 4 * 1024 * 1024;  // what Temporal takes as a whole request

using Words = std::array<std::pair<std::string_view, std::string_view>, 3>;

// "AllowDuplicate", "allow_duplicate" and "ALLOW-DUPLICATE" are one word.
std::string folded(std::string_view word) {
  std::string folded;
  for (const char c : lower_ascii(word)) {
    if (c != '_' && c != '-') folded += c;
  }
  return folded;
}

Result<void> put_word(Map& action, std::string_view key, const std::string& typed, const Words& words) {
  if (typed.empty()) return {};
  for (const auto& [temporal, ours] : words) {
    if (folded(typed) != folded(temporal)) continue;
    action.set(key, ours);
    return {};
  }
  return Usage(ErrorKind::invalid, fmt::format("\"{}\" is not one of {}, {}, {}", typed, words[0].first,
                                               words[1].first, words[2].first));
}

Result<void> put_pairs(Map& action, std::string_view key, const std::vector<std::string>& pairs) {
  Map map;
  for (const std::string& pair : pairs) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos || equals == 0)
      return Usage(ErrorKind::invalid, "\"" + pair + "\" is no KEY=JSON");
    auto value = json::parse(pair.substr(equals + 1));
    if (!value) {
      return Usage(ErrorKind::invalid,
                   fmt::format("the value of \"{}\" is no JSON; a text stands in quotes", pair));
    }
    map.set(pair.substr(0, equals), std::move(*value));
  }
  if (!map.empty()) action.set(key, std::move(map));
  return {};
}

void put_text(Map& action, std::string_view key, const std::string& text) {
  if (!text.empty()) action.set(key, text);
}

Result<void> put_durations(Map& action, const WorkflowOptions& options) {
  for (const auto& [key, text] :
       {std::pair<std::string_view, std::string_view>("execution_timeout", options.execution_timeout),
        {"run_timeout", options.run_timeout},
        {"start_delay", options.start_delay}}) {
    if (text.empty()) continue;
    if (auto duration = parse_duration(text); !duration) return duration.error().within(key);
    action.set(key, text);
  }
  return {};
}

Result<void> put_start(World& world, const WorkflowOptions& options, Map& action,
                       std::string_view arguments) {
  put_text(action, "workflow", options.type);
  put_text(action, "task_queue", options.task_queue);
  auto inputs = read_inputs(world, options.inputs, options.input_files);
  if (!inputs) return inputs.error();
  action.set(arguments, std::move(*inputs));
  for (const auto& put : {put_word(action, "reuse", options.reuse,
                                   {{{"AllowDuplicate", "allow"},
                                     {"AllowDuplicateFailedOnly", "failed_only"},
                                     {"RejectDuplicate", "reject"}}}),
                          put_word(action, "if_running", options.conflict,
                                   {{{"Fail", "fail"},
                                     {"UseExisting", "use_existing"},
                                     {"TerminateExisting", "terminate_existing"}}}),
                          put_durations(action, options), put_pairs(action, "memo", options.memo),
                          put_pairs(action, "search_attributes", options.search_attributes),
                          put_pairs(action, "headers", options.headers)}) {
    if (!put) return put;
  }
  return {};
}

Result<void> put_signal(World& world, Map& action, const std::string& name,
                        const std::vector<std::string>& inputs, const std::vector<std::string>& files) {
  auto arguments = read_inputs(world, inputs, files);
  if (!arguments) return arguments.error();
  action.set("name", name);
  action.set("args", std::move(*arguments));
  return {};
}

Result<void> put_action(World& world, const WorkflowOptions& options, model::OutboxRecord& record) {
  Map& action = record.action;
  if (options.verb == "signal") {
    record.kind = model::ActionKind::signal;
    return put_signal(world, action, options.name, options.inputs, options.input_files);
  }
  if (options.verb == "cancel" || options.verb == "terminate") {
    record.kind = options.verb == "cancel" ? model::ActionKind::cancel : model::ActionKind::terminate;
    put_text(action, "reason", options.reason);
    return {};
  }
  if (options.verb == "signal-with-start") {
    record.kind = model::ActionKind::signal_with_start;
    if (auto put = put_start(world, options, action, "start_args"); !put) return put;
    return put_signal(world, action, options.signal_name, options.signal_inputs, {});
  }
  record.kind = model::ActionKind::start;
  return put_start(world, options, action, "args");
}

}  // namespace

std::string made_workflow_id(const std::string& type, Instant now, std::string_view suffix) {
  std::string stamp;
  for (const char c : format_rfc3339(now, Fraction::always).substr(0, 19)) {
    if (c == 'T') stamp += '-';
    if (c >= '0' && c <= '9') stamp += c;
  }
  std::string id;
  for (const char c : type) id += c == '/' ? '-' : c;
  return fmt::format("{}-{}-{}", id, stamp, suffix);
}

Result<List> read_inputs(World& world, const std::vector<std::string>& inputs,
                         const std::vector<std::string>& files) {
  List values;
  const auto add = [&values](std::string_view what, const std::string& text) -> Result<void> {
    if (!json::parse(text)) {
      return Usage(ErrorKind::invalid,
                   fmt::format("{} is no JSON; a text stands in quotes: '\"text\"'", what));
    }
    values.emplace_back(Verbatim{std::string(trim(text))});
    return {};
  };
  for (const std::string& input : inputs) {
    if (auto added = add("--input " + printable(input), input); !added) return added.error();
  }
  for (const std::string& file : files) {
    const auto content = world.files.read(file, kLargestInput);
    if (!content) return content.error().within("--input-file " + file);
    if (auto added = add("--input-file " + file, *content); !added) return added.error();
  }
  return values;
}

Result<model::OutboxRecord> workflow_record(World& world, const WorkflowOptions& options) {
  const auto random = crypto::random_bytes(16);
  if (!random) return random.error();
  model::OutboxRecord record;
  record.request_id = hex_encode(*random);
  record.origin = {model::OriginKind::command_line, options.verb, "", record.request_id};
  record.decided.wall = world.now;
  std::string id = options.workflow_id;
  if (id.empty()) {
    id = made_workflow_id(options.type, world.now, std::string_view(record.request_id).substr(0, 4));
  }
  record.action.set("id", id);
  put_text(record.action, "run_id", options.run_id);
  if (auto put = put_action(world, options, record); !put) return put.error();
  record.lane = id;
  return record;
}

}  // namespace sundial::cli
