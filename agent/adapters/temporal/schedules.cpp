// Three traps: a create needs a request id, triggers of one second become one, and an update with a token
// that is no longer right is answered as if it had been done.
#include "agent/adapters/temporal/schedules.hpp"

#include <chrono>
#include <map>
#include <random>
#include <thread>

#include <fmt/format.h>

#include "agent/adapters/temporal/codec.hpp"
#include "agent/adapters/temporal/json_access.hpp"
#include "agent/adapters/temporal/pool.hpp"
#include "agent/adapters/temporal/schedule_body.hpp"
#include "platform/base/text.hpp"
#include "platform/json/json.hpp"

namespace sundial::temporal {
namespace {

constexpr int kTries = 5;
constexpr int kLooks = 20;
constexpr Millis kBetweenLooks{100};
constexpr int kPage = 100;

// The same text for the same document: members in order, defaults left out, numbers as texts.
std::string plain_form(const Value& value) {
  if (const Map* map = value.get_if<Map>()) {
    std::map<std::string, std::string> members;
    for (const auto& [key, member] : *map) {
      std::string form = plain_form(member);
      if (!form.empty()) members.emplace(*key.text(), std::move(form));
    }
    std::string text;
    for (const auto& [key, form] : members) text += json::quote(key) + ":" + form + ",";
    return text.empty() ? text : "{" + text + "}";
  }
  if (const List* list = value.get_if<List>()) {
    std::string text;
    for (const Value& element : *list) text += plain_form(element) + ",";
    return text.empty() ? text : "[" + text + "]";
  }
  if (const std::string* text = value.text()) return *text == "0" || *text == "0s" ? "" : *text;
  const std::string text = value.is_null() ? "" : json::write(value);
  return text == "0" || text == "false" ? "" : text;
}

class HttpSchedules : public ScheduleService {
 public:
  HttpSchedules(Frontend& frontend, std::function<void(Millis)> wait, std::function<std::string()> new_id)
      : frontend_(frontend), wait_(std::move(wait)), new_id_(std::move(new_id)) {}

  Result<void> create(const std::string& id, const Map& definition) override {
    Map schedule;
    if (auto put = put_definition(schedule, id, definition, frontend_.sender()); !put) return put;
    Map body;
    body.set("schedule", std::move(schedule));
    return post(id, "", std::move(body));
  }

  Result<Map> describe(const std::string& id) override {
    auto answer = get(id);
    if (!answer) return answer.error();
    return described_schedule(id, *answer, frontend_.sender().codec);
  }

  Result<List> list(std::size_t most) override {
    List all;
    std::string token;
    do {
      std::string path = fmt::format("/schedules?maximumPageSize={}", kPage);
      if (!token.empty()) path += "&nextPageToken=" + percent_encode(token);
      const Exchange exchange = frontend_.get(path);
      if (!exchange.ok()) return error_of(exchange.sorted);
      for (const Value& item : list_at(exchange.sorted.body, {"schedules"})) {
        if (all.size() < most) all.emplace_back(listed_schedule(item));
      }
      token = text_at(exchange.sorted.body, {"nextPageToken"});
    } while (!token.empty() && all.size() < most);
    return all;
  }

  // Read, changed, written, and read again: only then it is known whether it was taken.
  Result<void> update(const std::string& id, const Map& changes) override {
    for (int tries = 0; tries < kTries; ++tries) {
      auto before = get(id);
      if (!before) return before.error();
      const Value* present = before->find("schedule");
      Map schedule = present != nullptr && present->is<Map>() ? *present->get_if<Map>() : Map();
      if (auto put = put_definition(schedule, id, changes, frontend_.sender()); !put) return put;
      Map body;
      body.set("schedule", schedule);
      body.set("conflictToken", text_at(*before, {"conflictToken"}));
      if (auto done = post(id, "/update", std::move(body)); !done) return done;
      for (int looks = 0; looks < kLooks; ++looks) {
        auto after = get(id);
        if (!after) return after.error();
        if (text_at(*after, {"conflictToken"}) == text_at(*before, {"conflictToken"})) {
          wait_(kBetweenLooks);  // it has not been worked off
          continue;
        }
        const auto held = holds(id, *after, *before, changes);
        if (!held) return held.error();
        if (*held) return {};
        break;
      }
    }
    return Error(ErrorKind::conflict, "others change the schedule at the same time: try again");
  }

  Result<void> pause(const std::string& id, const std::string& note) override {
    return patch(id, "pause", note.empty() ? "paused by sundial" : note);
  }
  Result<void> unpause(const std::string& id, const std::string& note) override {
    return patch(id, "unpause", note.empty() ? "unpaused by sundial" : note);
  }

  // A run is named by the second of its trigger, so each trigger gets a second that no run has yet; and
  // this returns when the run is to be seen, so that the next trigger sees it too.
  Result<bool> trigger(const std::string& id, const std::string& overlap) override {
    auto before = get(id);
    if (!before) return before.error();
    const auto seconds = std::chrono::floor<std::chrono::seconds>(
        frontend_.server_now().value_or(std::chrono::floor<Millis>(std::chrono::system_clock::now())));
    Instant at = seconds;
    for (const Value& action : list_at(*before, {"info", "recentActions"})) {
      const auto had = time_at(action, {"scheduleTime"});
      const bool near = had && *had >= at - std::chrono::seconds{1} && *had < at + std::chrono::minutes{1};
      if (near) at = std::chrono::floor<std::chrono::seconds>(*had) + std::chrono::seconds{1};
    }
    Map now;
    now.set("scheduledTime", format_rfc3339(at, Fraction::when_needed));
    if (!overlap.empty()) now.set("overlapPolicy", overlap_name(overlap));
    if (auto done = patch(id, "triggerImmediately", std::move(now)); !done) return done.error();
    for (int looks = 0; looks < kLooks; ++looks) {
      auto after = get(id);
      if (!after) return after.error();
      for (const Value& action : list_at(*after, {"info", "recentActions"})) {
        if (time_at(action, {"scheduleTime"}) == at) return true;
      }
      wait_(kBetweenLooks);
    }
    return false;
  }

  Result<void> backfill(const std::string& id, Instant start, Instant end,
                        const std::string& overlap) override {
    Map range;
    range.set("startTime", format_rfc3339(start, Fraction::when_needed));
    range.set("endTime", format_rfc3339(end, Fraction::when_needed));
    if (!overlap.empty()) range.set("overlapPolicy", overlap_name(overlap));
    return patch(id, "backfillRequest", List{std::move(range)});
  }

  Result<void> remove(const std::string& id) override {
    const auto path = path_of(id);
    if (!path) return path.error();
    Call call;
    call.method = "DELETE";
    call.path = name_space_path(frontend_.sender()) + *path;
    const Exchange exchange = frontend_.send(call);
    if (!exchange.ok()) return explained(id, exchange.sorted);
    return {};
  }

 private:
  static Result<std::string> path_of(const std::string& id) {
    if (id.empty()) return Error(ErrorKind::invalid, "the schedule's id is empty");
    if (id.find('/') != std::string::npos || !is_utf8(id)) {
      return Error(ErrorKind::invalid, "the schedule's id \"" + printable(id) +
                                           "\" can't be addressed over Temporal's HTTP API: it holds a "
                                           "slash or is no UTF-8");
    }
    return "/schedules/" + percent_encode(id);
  }

  // A schedule that is gone answers in the words of workflows.
  static Error explained(const std::string& id, const Sorted& sorted) {
    Error error = error_of(sorted);
    const bool gone =
        sorted.finding == Finding::workflow_unknown || sorted.finding == Finding::workflow_closed;
    if (gone) return {ErrorKind::not_found, "the server has no schedule \"" + printable(id) + "\""};
    if (sorted.finding == Finding::exists || sorted.finding == Finding::already_started) {
      return {ErrorKind::already_exists, "the server has a schedule \"" + printable(id) + "\" already"};
    }
    return error;
  }

  Result<Value> get(const std::string& id) {
    const auto path = path_of(id);
    if (!path) return path.error();
    Exchange exchange = frontend_.get(*path + "?noPayloadShorthand");
    if (!exchange.ok()) return explained(id, exchange.sorted);
    return std::move(exchange.sorted.body);
  }

  Result<void> post(const std::string& id, std::string_view tail, Map body) {
    const auto path = path_of(id);
    if (!path) return path.error();
    body.set("requestId", new_id_());
    body.set("identity", frontend_.sender().identity);
    Call call;
    call.method = "POST";
    call.path = name_space_path(frontend_.sender()) + *path;
    call.path += tail;
    call.body = json::write(body);
    // The request id makes a repeat harmless.
    Exchange exchange = frontend_.send(call);
    if (exchange.sorted.finding == Finding::no_answer) exchange = frontend_.send(call);
    if (!exchange.ok()) return explained(id, exchange.sorted);
    return {};
  }

  Result<void> patch(const std::string& id, std::string_view key, Value value) {
    Map change;
    change.set(key, std::move(value));
    Map body;
    body.set("patch", std::move(change));
    return post(id, "/patch", std::move(body));
  }

  // Whether what was asked for is there now. Times come back in another form than they are sent in: where
  // they look as before, though something else changed, it was another's change.
  Result<bool> holds(const std::string& id, const Value& after, const Value& before, const Map& changes) {
    const Value nothing{Map()};
    const Value* now = after.find("schedule");
    const Value* former = before.find("schedule");
    if (now == nullptr) now = &nothing;
    if (former == nullptr) former = &nothing;
    Map rest = changes;
    bool other_times = false;
    for (const char* key : {"cron", "calendar", "every", "offset", "exclude"}) {
      other_times = rest.erase(key) || other_times;
    }
    // Sealed anew, arguments never look the same.
    if (Value* start = rest.find("start"); start != nullptr && start->is<Map>())
      start->get_if<Map>()->erase("args");
    Map again = now->is<Map>() ? *now->get_if<Map>() : Map();
    if (auto put = put_definition(again, id, rest, frontend_.sender()); !put) return put.error();
    if (plain_form(Value(again)) != plain_form(*now)) return false;
    const Value* spec = now->find("spec");
    const Value* old_spec = former->find("spec");
    const bool looks_as_before =
        spec != nullptr && old_spec != nullptr && plain_form(*spec) == plain_form(*old_spec);
    return !(other_times && looks_as_before && plain_form(*now) != plain_form(*former));
  }

  Frontend& frontend_;
  std::function<void(Millis)> wait_;
  std::function<std::string()> new_id_;
};

std::string random_id() {
  std::random_device random;
  return fmt::format("{:08x}-{:08x}-{:08x}-{:08x}", random(), random(), random(), random());
}

// The service together with what it speaks through.
struct Owned {
  std::unique_ptr<PayloadCodec> codec;
  std::unique_ptr<Pool> pool;
  std::unique_ptr<Frontend> frontend;
};

class OwningSchedules final : private Owned, public HttpSchedules {
 public:
  explicit OwningSchedules(Owned owned)
      : Owned(std::move(owned)),
        HttpSchedules(
            *frontend, [](Millis span) { std::this_thread::sleep_for(span); }, random_id) {}
};

}  // namespace

std::unique_ptr<ScheduleService> make_schedules(Frontend& frontend, std::function<void(Millis)> wait,
                                                std::function<std::string()> new_request_id) {
  return std::make_unique<HttpSchedules>(frontend, std::move(wait), std::move(new_request_id));
}

Result<std::unique_ptr<ScheduleService>> open_schedules(const model::TemporalSettings& settings,
                                                        const std::string& device) {
  auto codec = make_codec(settings);
  if (!codec) return codec.error();
  auto pool = Pool::create(settings);
  if (!pool) return pool.error();
  Owned owned{std::move(*codec), std::move(*pool), nullptr};
  owned.frontend = std::make_unique<Frontend>(
      *owned.pool,
      Sender{settings.name_space, settings.task_queue, device, "sundial@" + device, owned.codec.get()});
  return std::unique_ptr<ScheduleService>(std::make_unique<OwningSchedules>(std::move(owned)));
}

}  // namespace sundial::temporal
