// Visibility lags, the chain does not: so the chain is walked first, and only what lies before it listed.
#include "agent/adapters/temporal/runs.hpp"

#include <algorithm>

#include "agent/adapters/temporal/json_access.hpp"
#include "platform/base/text.hpp"

namespace sundial::temporal {
namespace {

constexpr int kMostRuns = 1000;

bool began_before(const Run& run, std::optional<Instant> since) {
  return since && run.start && *run.start <= *since;
}

bool knows(const std::vector<Run>& runs, const std::string& run_id) {
  return std::any_of(runs.begin(), runs.end(), [&](const Run& run) { return run.run_id == run_id; });
}

std::string quoted(const std::string& id) {
  std::string text = "\"";
  for (const char c : id) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text + '"';
}

// The run before this one in its chain, or "" where this is the first.
Exchange first_event(Frontend& frontend, const std::string& workflow_id, const std::string& run_id) {
  return frontend.get("/workflows/" + percent_encode(workflow_id) + "/history?execution.runId=" +
                      percent_encode(run_id) + "&maximumPageSize=1&noPayloadShorthand");
}

std::string previous_run(const Value& history) {
  const List& events = list_at(history, {"history", "events"});
  if (events.empty()) return "";
  return text_at(events.front(), {"workflowExecutionStartedEventAttributes", "continuedExecutionRunId"});
}

// Adds the runs of the present chain, newest first; returns trouble.
std::optional<DeliveryAnswer> walk_chain(Frontend& frontend, const std::string& workflow_id,
                                         std::optional<Instant> since, const std::string& request_id,
                                         std::vector<Run>& runs) {
  std::string run_id;
  for (int i = 0; i < kMostRuns; ++i) {
    const Exchange described = frontend.describe(workflow_id, run_id);
    if (described.sorted.finding == Finding::workflow_unknown)
      return std::nullopt;  // none, or past retention
    if (!described.ok()) return described.usual();
    runs.push_back(Frontend::read_run(described.sorted.body, request_id));
    if (began_before(runs.back(), since)) return std::nullopt;
    const Exchange first = first_event(frontend, workflow_id, runs.back().run_id);
    if (!first.ok()) return first.usual();
    run_id = previous_run(first.sorted.body);
    if (run_id.empty()) return std::nullopt;
  }
  return std::nullopt;
}

// Adds the runs of earlier chains.
std::optional<DeliveryAnswer> list_earlier(Frontend& frontend, const std::string& workflow_id,
                                           std::optional<Instant> since, const std::string& request_id,
                                           std::vector<Run>& runs) {
  std::string query = "WorkflowId = " + quoted(workflow_id);
  std::string token;
  for (int page = 0; page < kMostRuns; ++page) {
    const Exchange listed = frontend.get("/workflows?pageSize=100&query=" + percent_encode(query) +
                                         (token.empty() ? "" : "&nextPageToken=" + percent_encode(token)));
    if (!listed.ok()) return listed.usual();
    for (const Value& item : list_at(listed.sorted.body, {"executions"})) {
      const auto close = time_at(item, {"closeTime"});
      const std::string run_id = text_at(item, {"execution", "runId"});
      if ((since && close && *close < *since) || knows(runs, run_id)) continue;
      const Exchange described = frontend.describe(workflow_id, run_id);
      if (described.sorted.finding == Finding::workflow_unknown) continue;
      if (!described.ok()) return described.usual();
      runs.push_back(Frontend::read_run(described.sorted.body, request_id));
    }
    token = text_at(listed.sorted.body, {"nextPageToken"});
    if (token.empty()) return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

RunsFound runs_since(Frontend& frontend, const std::string& workflow_id, std::optional<Instant> since,
                     const std::string& request_id) {
  RunsFound found;
  found.trouble = walk_chain(frontend, workflow_id, since, request_id, found.runs);
  if (found.trouble || found.runs.empty()) return found;
  if (!began_before(found.runs.back(), since)) {
    found.trouble = list_earlier(frontend, workflow_id, since, request_id, found.runs);
  }
  std::sort(found.runs.begin(), found.runs.end(),
            [](const Run& a, const Run& b) { return a.start < b.start; });
  return found;
}

}  // namespace sundial::temporal
