// Reads ask for payloads in full form: one stored payload without data makes every shorthand read fail.
#include "agent/adapters/temporal/reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>

#include "agent/adapters/temporal/failures.hpp"
#include "agent/adapters/temporal/json_access.hpp"
#include "agent/adapters/temporal/payloads.hpp"
#include "platform/base/text.hpp"
#include "platform/json/json.hpp"

namespace sundial::temporal {
namespace {

constexpr Millis kLongestPoll{20'000};  // the server answers a long poll after so long
constexpr Millis kLongestUpdate{20'000};
constexpr Millis kGrace{5'000};  // for the answer itself
constexpr int kMostRuns = 100'000;
constexpr char kShownMark = '~';  // none of base64's

std::string at_run(const std::string& workflow_id, const std::string& run_id, std::string_view tail) {
  std::string path = fmt::format("/workflows/{}{}?noPayloadShorthand", percent_encode(workflow_id), tail);
  if (!run_id.empty()) path += "&execution.runId=" + percent_encode(run_id);
  return path;
}

std::optional<Error> bad_id(const Sender& sender, const std::string& workflow_id) {
  const auto path = workflow_path(sender, workflow_id);
  return path ? std::nullopt : std::optional(path.error());
}

void put_time(Map& item, std::string_view key, const Value& info, std::string_view name) {
  const auto time = time_at(info, {name});
  if (time) item.set(key, format_rfc3339(*time, Fraction::always));
}

// One execution as lists and describe show it.
Map item_of(const Value& info) {
  Map item;
  item.set("workflow_id", text_at(info, {"execution", "workflowId"}));
  item.set("run_id", text_at(info, {"execution", "runId"}));
  item.set("type", text_at(info, {"type", "name"}));
  item.set("status", status_word(text_at(info, {"status"})));
  put_time(item, "start_time", info, "startTime");
  put_time(item, "execution_time", info, "executionTime");
  put_time(item, "close_time", info, "closeTime");
  return item;
}

bool is_payload(const Map& map) {
  const Value* metadata = map.find("metadata");
  const std::size_t others = map.find("data") == nullptr ? 1 : 2;
  return metadata != nullptr && metadata->find("encoding") != nullptr && map.size() == others;
}

// Events with their payloads decoded, wherever they stand. The reader of JSON has bounded the depth.
Value with_values(const Value& value, const PayloadCodec* codec) {
  if (const List* list = value.get_if<List>()) {
    List shown;
    for (const Value& element : *list) shown.push_back(with_values(element, codec));
    return shown;
  }
  const Map* map = value.get_if<Map>();
  if (map == nullptr) return value;
  if (is_payload(*map)) {
    auto decoded = decode_payload(value, codec);
    return decoded ? *decoded : value;
  }
  const Value* payloads = map->find("payloads");
  if (payloads != nullptr && map->size() == 1) return with_values(*payloads, codec);
  Map shown;
  for (const auto& [key, member] : *map) shown.append(key, with_values(member, codec));
  return shown;
}

// The server stumbles over its own complaint where a wrong query is not ASCII, and answers 5xx.
Error query_error(const Exchange& exchange) {
  Error error = error_of(exchange.sorted);
  if (error.message().find("failed to marshal error message") == std::string::npos) return error;
  return {ErrorKind::invalid, "Temporal does not understand the query"};
}

Millis left_until(std::chrono::steady_clock::time_point end) {
  return std::max(Millis(0), std::chrono::duration_cast<Millis>(end - std::chrono::steady_clock::now()));
}

}  // namespace

std::string status_word(std::string_view status) {
  constexpr std::string_view kPrefix = "WORKFLOW_EXECUTION_STATUS_";
  if (status.starts_with(kPrefix)) status.remove_prefix(kPrefix.size());
  return lower_ascii(status);
}

Result<Value> Reader::decoded_fields(const Value& body, std::string_view key, std::string_view inner) {
  const Value* fields = at(body, {"workflowExecutionInfo", key, inner});
  return fields == nullptr ? Value(Map()) : with_values(*fields, frontend_.sender().codec);
}

Result<WorkflowDescription> Reader::describe(const std::string& workflow_id, const std::string& run_id) {
  if (const auto wrong = bad_id(frontend_.sender(), workflow_id)) return *wrong;
  const Exchange exchange = frontend_.describe(workflow_id, run_id);
  if (!exchange.ok()) return error_of(exchange.sorted);
  const Value& body = exchange.sorted.body;
  const Value* info = body.find("workflowExecutionInfo");
  if (info == nullptr) return Error(ErrorKind::unavailable, "the answer describes no workflow");
  const Run run = Frontend::read_run(body, "");
  WorkflowDescription described;
  described.workflow_id = text_at(*info, {"execution", "workflowId"});
  described.run_id = run.run_id;
  described.first_run_id = run.first_run_id;
  described.type = text_at(*info, {"type", "name"});
  described.status = status_word(text_at(*info, {"status"}));
  described.start_time = run.start;
  described.execution_time = time_at(*info, {"executionTime"});
  described.close_time = run.close;
  Map details;
  details.set("task_queue", text_at(*info, {"taskQueue"}));
  details.set("history_length", integer_at(*info, {"historyLength"}).value_or(0));
  details.set("memo", *decoded_fields(body, "memo", "fields"));
  details.set("search_attributes", *decoded_fields(body, "searchAttributes", "indexedFields"));
  details.set("pending_activities",
              with_values(list_at(body, {"pendingActivities"}), frontend_.sender().codec));
  details.set("pending_children", Value(list_at(body, {"pendingChildren"})));
  if (const Value* task = body.find("pendingWorkflowTask")) details.set("pending_workflow_task", *task);
  described.details = std::move(details);
  return described;
}

Result<WorkflowResult> Reader::result(const std::string& workflow_id, const std::string& run_id,
                                      Millis wait) {
  if (const auto wrong = bad_id(frontend_.sender(), workflow_id)) return *wrong;
  const auto end = std::chrono::steady_clock::now() + wait;
  std::string run = run_id;
  std::string token;
  for (int runs = 0; runs < kMostRuns;) {
    const Millis poll = std::min(left_until(end), kLongestPoll);
    if (poll == Millis(0)) {
      // A question for the closing event is held for 20 s while there is none, asked to wait or not.
      const auto now = describe(workflow_id, run);
      if (!now) return now.error();
      if (now->status == "running") return WorkflowResult{"running", {}, {}};
    }
    Call call;
    call.method = "GET";
    call.path = name_space_path(frontend_.sender()) + at_run(workflow_id, run, "/history") +
                "&historyEventFilterType=HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT";
    if (poll > Millis(0)) call.path += "&waitNewEvent=true";
    if (!token.empty()) call.path += "&nextPageToken=" + percent_encode(token);
    // The server ends the poll a second before the time that it is told.
    if (poll > Millis(0)) call.server = poll + std::chrono::seconds(1);
    call.deadline = poll + kGrace;
    const Exchange exchange = frontend_.send(call);
    const Finding finding = exchange.sorted.finding;
    const bool nothing_yet = finding == Finding::try_again && exchange.reply.status == 504;
    if (!exchange.ok() && !nothing_yet) return error_of(exchange.sorted);
    const List& events = list_at(exchange.sorted.body, {"history", "events"});
    if (!events.empty()) {
      auto ended = read_end(events.back(), frontend_.sender().codec);
      if (!ended) return ended.error();
      if (*ended && (*ended)->next_run.empty()) return std::move((*ended)->result);
      if (*ended) {
        run = (*ended)->next_run;
        token.clear();
        ++runs;
        continue;
      }
    }
    token = text_at(exchange.sorted.body, {"nextPageToken"});
    if (left_until(end) == Millis(0)) return WorkflowResult{"running", {}, {}};
  }
  return Error(ErrorKind::exhausted, "the workflow's chain of runs has no end");
}

Result<Value> Reader::history(const std::string& workflow_id, const std::string& run_id,
                              const std::string& page_token, int limit) {
  if (const auto wrong = bad_id(frontend_.sender(), workflow_id)) return *wrong;
  // The server's pages hold whole batches of events: what is beyond the limit is left for the next
  // page, whose token says how many events of which of the server's pages were shown.
  std::uint64_t shown = 0;
  std::string token = page_token;
  if (const std::size_t mark = page_token.find(kShownMark); mark != std::string::npos) {
    const auto [stop, problem] = std::from_chars(page_token.data(), page_token.data() + mark, shown);
    if (problem != std::errc{} || stop != page_token.data() + mark) {
      return Error(ErrorKind::invalid, "next is no token of this list");
    }
    token.erase(0, mark + 1);
  }
  std::string path = at_run(workflow_id, run_id, "/history") +
                     fmt::format("&maximumPageSize={}", static_cast<std::uint64_t>(limit) + shown);
  if (!token.empty()) path += "&nextPageToken=" + percent_encode(token);
  const Exchange exchange = frontend_.get(path);
  if (!exchange.ok()) return error_of(exchange.sorted);
  const List& events = list_at(exchange.sorted.body, {"history", "events"});
  List items;
  for (std::size_t i = shown; i < events.size() && items.size() < static_cast<std::size_t>(limit); ++i)
    items.push_back(with_values(events[i], frontend_.sender().codec));
  std::string next = text_at(exchange.sorted.body, {"nextPageToken"});
  if (shown + items.size() < events.size())
    next = fmt::format("{}{}{}", shown + items.size(), kShownMark, token);
  Map page;
  page.set("items", std::move(items));
  page.set("next", next.empty() ? Value() : Value(next));
  return Value(std::move(page));
}

Result<Value> Reader::query(const std::string& workflow_id, const std::string& name, const List& arguments) {
  const auto path = workflow_path(frontend_.sender(), workflow_id);
  if (!path) return path.error();
  const auto encoded = encode_list(arguments, frontend_.sender().codec);
  if (!encoded) return encoded.error();
  Call call;
  call.method = "POST";
  call.path = fmt::format("{}/query/{}?noPayloadShorthand", *path, percent_encode(name));
  call.body = fmt::format("{{\"query\":{{\"queryArgs\":{}}}}}", *encoded);
  call.server = std::chrono::seconds(10);
  call.deadline = *call.server + kGrace;
  const Exchange exchange = frontend_.send(call);
  if (!exchange.ok()) return error_of(exchange.sorted);
  return decode_values(exchange.sorted.body.find("queryResult"), frontend_.sender().codec);
}

Result<Value> Reader::update(const std::string& workflow_id, const std::string& name,
                             const std::string& update_id, const List& arguments, Millis wait) {
  const auto path = workflow_path(frontend_.sender(), workflow_id);
  if (!path) return path.error();
  const auto encoded = encode_list(arguments, frontend_.sender().codec);
  if (!encoded) return encoded.error();
  const auto end = std::chrono::steady_clock::now() + wait;
  for (;;) {
    const Millis poll = std::min(left_until(end), kLongestUpdate);
    Call call;
    call.method = "POST";
    call.path = fmt::format("{}/update/{}?noPayloadShorthand", *path, percent_encode(name));
    call.body = fmt::format(
        R"({{"request":{{"meta":{{"updateId":{},"identity":{}}},"input":{{"args":{}}}}},)"
        R"("waitPolicy":{{"lifecycleStage":"UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_COMPLETED"}}}})",
        json::quote(update_id), json::quote(frontend_.sender().identity), *encoded);
    call.server = poll + std::chrono::seconds(1);
    call.deadline = poll + kGrace;
    const Exchange exchange = frontend_.send(call);
    const bool nothing_yet = exchange.sorted.finding == Finding::try_again && exchange.reply.status == 504;
    if (!exchange.ok() && !nothing_yet) return error_of(exchange.sorted);
    if (const Value* outcome = exchange.sorted.body.find("outcome")) {
      if (const Value* failure = outcome->find("failure")) {
        return Error(ErrorKind::conflict, text_at(*failure, {"message"}));
      }
      return decode_values(outcome->find("success"), frontend_.sender().codec);
    }
    if (left_until(end) == Millis(0)) return Error(ErrorKind::timed_out, "the update is not finished yet");
  }
}

Result<Value> Reader::list(const std::string& query, const std::string& page_token, int limit) {
  std::string path = fmt::format("/workflows?noPayloadShorthand&pageSize={}", limit);
  if (!query.empty()) path += "&query=" + percent_encode(query);
  if (!page_token.empty()) path += "&nextPageToken=" + percent_encode(page_token);
  const Exchange exchange = frontend_.get(path);
  if (!exchange.ok()) return query_error(exchange);
  List items;
  for (const Value& info : list_at(exchange.sorted.body, {"executions"})) {
    Map item = item_of(info);
    if (const Value* memo = at(info, {"memo", "fields"}))
      item.set("memo", with_values(*memo, frontend_.sender().codec));
    items.emplace_back(std::move(item));
  }
  Map page;
  page.set("items", std::move(items));
  const std::string next = text_at(exchange.sorted.body, {"nextPageToken"});
  page.set("next", next.empty() ? Value() : Value(next));
  return Value(std::move(page));
}

Result<std::int64_t> Reader::count(const std::string& query) {
  const Exchange exchange =
      frontend_.get("/workflow-count" + (query.empty() ? "" : "?query=" + percent_encode(query)));
  if (!exchange.ok()) return query_error(exchange);
  return integer_at(exchange.sorted.body, {"count"}).value_or(0);
}

}  // namespace sundial::temporal
