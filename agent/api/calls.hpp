// What several groups of calls have in common: workflow ids, direct calls, pages of lists.
#pragma once

#include <functional>
#include <string>

#include "agent/api/desk.hpp"
#include "agent/api/route.hpp"

namespace sundial::api {

// How long a caller waits for Temporal's answer before hearing "queued".
inline constexpr Millis kAnswerWait = std::chrono::seconds{10};

// The workflow id of the path; answers 400 itself where it can't be one, and gives false.
bool take_workflow_id(const ExchangePtr& exchange, std::string& id);

// A traceparent header goes with the message as MQTT 5's user property would.
void take_trace(const ExchangePtr& exchange, model::Message& message);

// Hands the action to the outbox and waits; `then` gets Temporal's answer, or nothing where there was
// none in time. A failure to take it is answered here.
using SubmissionHandler = std::function<void(const Submission&)>;
void submit(Desk& desk, const ExchangePtr& exchange, model::ActionKind kind, Map action, Millis wait,
            SubmissionHandler then);

// Answers a submission: `done` when it arrived, 202 with status "queued", or the refusal. Its status is
// that of the refusal, unless the call always fails with one.
void answer_submission(const ExchangePtr& exchange, const Submission& submission, const Map& done, Map queued,
                       std::optional<int> refused_status = {});

// {"items":[…],"next":TOKEN}; no next page: null.
Map page(List items, Value next);

// The page of a list of so many that is asked for by `limit` and `next`; answers 400 itself.
struct Slice {
  std::size_t begin = 0;
  std::size_t end = 0;
  Value next;
};
std::optional<Slice> take_slice(const ExchangePtr& exchange, std::size_t size);
// Of what has ids, in their order: goes on after the last one that was told, whatever has left since.
std::optional<Slice> take_slice(const ExchangePtr& exchange, const std::vector<std::string>& ids);

// A list that is all in memory, page by page.
void send_page(const ExchangePtr& exchange, const List& all);

// The document with this id, or nothing.
const Map* find_document(const List& documents, const std::string& id);
// A text member, or "".
std::string text_member(const Map& document, std::string_view name);

}  // namespace sundial::api
