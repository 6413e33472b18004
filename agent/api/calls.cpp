// Direct calls and pages.
#include "agent/api/calls.hpp"

#include <algorithm>
#include <charconv>

#include "platform/base/text.hpp"

namespace sundial::api {
namespace {

// Empty where there is none, or one that is none.
std::string trace_of(const HttpRequest& request) {
  const std::string* trace = request.header("traceparent");
  return trace != nullptr && model::is_traceparent(*trace) ? *trace : std::string();
}

}  // namespace

void take_trace(const ExchangePtr& exchange, model::Message& message) {
  std::string trace = trace_of(exchange->request());
  if (!trace.empty()) message.properties.user.emplace_back("traceparent", std::move(trace));
}

bool take_workflow_id(const ExchangePtr& exchange, std::string& id) {
  id = exchange->argument("id");
  if (id.empty()) {
    exchange->fail(404, "the path names no workflow");
  } else if (id.find('/') != std::string::npos) {
    exchange->fail(400, "a workflow id with a slash can't be addressed over Temporal's HTTP API");
  } else if (id.size() > 1000) {
    exchange->fail(400, "a workflow id has at most 1000 bytes");
  } else {
    return true;
  }
  return false;
}

void submit(Desk& desk, const ExchangePtr& exchange, model::ActionKind kind, Map action, Millis wait,
            SubmissionHandler then) {
  DirectCall call{kind, std::move(action), {model::OriginKind::http, "http", "", exchange->id()}};
  call.origin.trace = trace_of(exchange->request());
  if (const std::string* from = exchange->request().header("x-sundial-source");
      from != nullptr && *from == "cli") {
    call.origin.kind = model::OriginKind::command_line;
    call.origin.id = "cli";
  }
  exchange->begin_effect();
  desk.agent.submit(
      std::move(call), wait,
      answering<Submission>(exchange, [then = std::move(then)](Submission submission) { then(submission); }));
}

void answer_submission(const ExchangePtr& exchange, const Submission& submission, const Map& done, Map queued,
                       std::optional<int> refused_status) {
  if (!submission.answer) {
    queued.set("status", "queued");
    return exchange->send(202, Value(std::move(queued)));
  }
  const DeliveryAnswer& answer = *submission.answer;
  const int refused = refused_status.value_or(meaning_of(answer.refusal).http_status);
  switch (answer.outcome) {
    case DeliveryOutcome::done:
    case DeliveryOutcome::already_done:
      return exchange->send(200, Value(done));
    case DeliveryOutcome::already_running:
    case DeliveryOutcome::name_taken:
      return exchange->fail(refused_status.value_or(409), "the workflow is already running", answer.reason,
                            "already_running");
    case DeliveryOutcome::retry:
    case DeliveryOutcome::hold:
      queued.set("status", "queued");
      return exchange->send(202, Value(std::move(queued)));
    case DeliveryOutcome::dead:
      return exchange->fail(refused, answer.reason, {}, name_of(answer.refusal));
  }
}

Map page(List items, Value next) {
  return object({{"items", std::move(items)}, {"next", std::move(next)}});
}

std::optional<Slice> take_slice(const ExchangePtr& exchange, std::size_t size) {
  const Result<std::size_t> limit = exchange->limit(100);
  if (!limit) return exchange->fail(limit.error()), std::nullopt;
  std::size_t begin = 0;
  if (const std::string* token = exchange->query("next"); token != nullptr && !token->empty()) {
    const auto [stop, problem] = std::from_chars(token->data(), token->data() + token->size(), begin);
    if (problem != std::errc{} || stop != token->data() + token->size()) {
      return exchange->fail(400, "next is no token of this list"), std::nullopt;
    }
  }
  begin = std::min(begin, size);
  const std::size_t end = std::min(size, begin + *limit);
  return Slice{begin, end, end < size ? Value(std::to_string(end)) : Value()};
}

std::optional<Slice> take_slice(const ExchangePtr& exchange, const std::vector<std::string>& ids) {
  const Result<std::size_t> limit = exchange->limit(100);
  if (!limit) return exchange->fail(limit.error()), std::nullopt;
  std::size_t begin = 0;
  if (const std::string* token = exchange->query("next"); token != nullptr && !token->empty()) {
    if (token->size() % 2 != 0 || token->find_first_not_of("0123456789abcdef") != std::string::npos) {
      return exchange->fail(400, "next is no token of this list"), std::nullopt;
    }
    // Hexadecimal digits sort as the bytes do.
    while (begin < ids.size() && hex_encode(ids[begin]) <= *token) ++begin;
  }
  const std::size_t end = std::min(ids.size(), begin + *limit);
  return Slice{begin, end, end < ids.size() ? Value(hex_encode(ids[end - 1])) : Value()};
}

void send_page(const ExchangePtr& exchange, const List& all) {
  const std::optional<Slice> slice = take_slice(exchange, all.size());
  if (!slice) return;
  using Offset = List::difference_type;
  List items(all.begin() + static_cast<Offset>(slice->begin), all.begin() + static_cast<Offset>(slice->end));
  exchange->send(200, page(std::move(items), slice->next));
}

const Map* find_document(const List& documents, const std::string& id) {
  for (const Value& document : documents) {
    const Value* found = document.find("id");
    if (found != nullptr && found->text() != nullptr && *found->text() == id) return document.get_if<Map>();
  }
  return nullptr;
}

std::string text_member(const Map& document, std::string_view name) {
  const Value* member = document.find(name);
  return member != nullptr && member->text() != nullptr ? *member->text() : "";
}

}  // namespace sundial::api
