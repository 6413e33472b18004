// Decides by status, gRPC code and detail type; by the text only where nothing else tells apart.
#include "agent/adapters/temporal/answers.hpp"

#include "platform/base/text.hpp"
#include "platform/json/json.hpp"

namespace sundial::temporal {
namespace {

// gRPC's status codes, as far as they need telling apart.
enum Code : std::int64_t {
  kInvalidArgument = 3,
  kNotFound = 5,
  kAlreadyExists = 6,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kDataLoss = 15,
};

constexpr std::size_t kLongestMessage = 500;

std::string text_of(const Value& object, std::string_view key) {
  const Value* member = object.find(key);
  return member != nullptr && member->text() != nullptr ? *member->text() : "";
}

// details[0], and the part of its @type after the last dot.
const Value* first_detail(const Value& body) {
  const Value* details = body.find("details");
  const List* list = details == nullptr ? nullptr : details->get_if<List>();
  return list == nullptr || list->empty() ? nullptr : &list->front();
}

std::string detail_type(const Value* detail) {
  if (detail == nullptr) return "";
  const std::string type = text_of(*detail, "@type");
  return type.substr(type.rfind('.') + 1);
}

Finding sort_not_found(const Sorted& sorted, const Value* detail) {
  if (sorted.type == "NamespaceNotFoundFailure") return Finding::namespace_unknown;
  if (detail == nullptr) return Finding::wrong_path;
  const std::string_view message = sorted.message;
  if (message.find("already completed") != std::string_view::npos) return Finding::workflow_closed;
  if (message.starts_with("cannot find pending activity")) return Finding::activity_gone;
  if (message.starts_with("invalid activityID")) return Finding::activity_idle;
  return Finding::workflow_unknown;
}

Finding sort_conflict(std::int64_t code, const Sorted& sorted) {
  if (code == kAborted) return Finding::try_again;
  if (sorted.type == "WorkflowExecutionAlreadyStartedFailure") return Finding::already_started;
  return code == kAlreadyExists ? Finding::exists : Finding::try_again;
}

// An error object of the gateway: {"code":N,"message":…,"details":[…]}.
Finding sort_by_code(int status, std::int64_t code, const Sorted& sorted, const Value* detail) {
  switch (status) {
    case 400:
      if (sorted.type == "QueryFailedFailure") return Finding::query_failed;
      return code == kInvalidArgument || code == kFailedPrecondition || code == kOutOfRange
                 ? Finding::invalid
                 : Finding::not_temporal;
    case 401:
    case 403:
      return Finding::refused;
    case 404:
      return code == kNotFound ? sort_not_found(sorted, detail) : Finding::not_temporal;
    case 409:
      return sort_conflict(code, sorted);
    case 429:
      return Finding::overloaded;
    case 500:
      return code == kDataLoss ? Finding::invalid : Finding::broken;
    case 501:
      return code == kUnimplemented ? Finding::invalid : Finding::not_temporal;
    default:
      return status >= 499 ? Finding::try_again : Finding::not_temporal;
  }
}

// An answer without the gateway's error object: a proxy, or something else that listens there.
Finding sort_by_status(int status) {
  if (status >= 300 && status < 400) return Finding::redirected;
  if (status == 401 || status == 403 || status == 407) return Finding::refused;
  if (status == 408 || status == 425) return Finding::try_again;
  if (status == 429) return Finding::overloaded;
  if (status == 413 || status == 414 || status == 431) return Finding::invalid;
  if (status >= 500) return Finding::try_again;
  return Finding::not_temporal;
}

std::string say_status(int status, std::string_view what) {
  std::string text = "HTTP " + std::to_string(status);
  if (!what.empty()) text += ": " + std::string(what);
  return text;
}

}  // namespace

Sorted sort_answer(const Reply& reply) {
  Sorted sorted;
  if (reply.kind != Reply::Kind::answered) {
    sorted.finding = reply.kind == Reply::Kind::unknown ? Finding::no_answer : Finding::unreachable;
    sorted.message = reply.problem;
    return sorted;
  }
  auto body = json::parse(reply.body);
  const bool object = body && body->is<Map>();
  if (reply.status == 200 && object) {
    sorted.finding = Finding::ok;
    sorted.body = std::move(*body);
    return sorted;
  }
  const Value* code = object ? body->find("code") : nullptr;
  const std::int64_t* number = code == nullptr ? nullptr : code->get_if<std::int64_t>();
  if (number == nullptr || reply.status < 400) {
    sorted.finding = sort_by_status(reply.status);
    sorted.message =
        say_status(reply.status, sorted.finding == Finding::not_temporal ? "not Temporal's answer" : "");
    return sorted;
  }
  const Value* detail = first_detail(*body);
  sorted.message = printable(text_of(*body, "message"), kLongestMessage);
  if (sorted.message.empty()) sorted.message = say_status(reply.status, "");
  sorted.type = detail_type(detail);
  sorted.finding = sort_by_code(reply.status, *number, sorted, detail);
  if (detail != nullptr) {
    sorted.request_id = text_of(*detail, "startRequestId");
    sorted.run_id = text_of(*detail, "runId");
  }
  sorted.body = std::move(*body);
  return sorted;
}

DeliveryAnswer usual_answer(const Sorted& sorted, const Reply& reply) {
  DeliveryAnswer answer;
  answer.reason = sorted.message;
  answer.retry_after = reply.retry_after;
  switch (sorted.finding) {
    case Finding::ok:
      answer.outcome = DeliveryOutcome::done;
      break;
    case Finding::already_started:
    case Finding::exists:
      answer.outcome = DeliveryOutcome::already_running;
      break;
    case Finding::workflow_unknown:
    case Finding::workflow_closed:
    case Finding::activity_gone:
    case Finding::activity_idle:
      answer.outcome = DeliveryOutcome::dead;
      answer.refusal = ErrorKind::not_found;
      break;
    case Finding::namespace_unknown:
      answer.outcome = DeliveryOutcome::hold;
      answer.refusal = ErrorKind::not_found;
      break;
    case Finding::wrong_path:
    case Finding::refused:
    case Finding::redirected:
    case Finding::not_temporal:
      answer.outcome = DeliveryOutcome::hold;
      break;
    case Finding::overloaded:
    case Finding::try_again:
    case Finding::no_answer:
      answer.outcome = DeliveryOutcome::retry;
      break;
    case Finding::unreachable:
      answer.outcome = DeliveryOutcome::retry;
      answer.unreachable = true;
      break;
    case Finding::broken:
      answer.outcome = DeliveryOutcome::retry;
      answer.poison_suspect = true;
      break;
    case Finding::query_failed:
    case Finding::invalid:
      answer.outcome = DeliveryOutcome::dead;
      answer.refusal = ErrorKind::invalid;
      break;
  }
  return answer;
}

Error error_of(const Sorted& sorted) {
  switch (sorted.finding) {
    case Finding::ok:
      break;
    case Finding::already_started:
    case Finding::exists:
      return {ErrorKind::already_exists, sorted.message};
    case Finding::workflow_unknown:
    case Finding::workflow_closed:
    case Finding::activity_gone:
    case Finding::activity_idle:
    case Finding::namespace_unknown:
      return {ErrorKind::not_found, sorted.message};
    case Finding::wrong_path:
    case Finding::redirected:
    case Finding::not_temporal:
      return {ErrorKind::unavailable,
              "the address does not speak Temporal's HTTP API (" + sorted.message + ")"};
    case Finding::refused:
      return {ErrorKind::forbidden, sorted.message};
    case Finding::overloaded:
    case Finding::broken:
    case Finding::unreachable:
      return {ErrorKind::unavailable, sorted.message};
    case Finding::try_again:
    case Finding::no_answer:
      return {ErrorKind::timed_out, sorted.message};
    case Finding::query_failed:
    case Finding::invalid:
      return {ErrorKind::invalid, sorted.message};
  }
  return {ErrorKind::internal, "an answer that fits nothing"};
}

}  // namespace sundial::temporal
