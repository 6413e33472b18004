// Between the policy, which is pure, and the workers and the store, which are not.
#include "agent/runtime/bridge.hpp"

#include <fmt/format.h>

#include "agent/core/outbox/merge.hpp"
#include "platform/json/json.hpp"

namespace sundial::runtime {
namespace {

constexpr Millis kReadAgain = std::chrono::seconds(1);  // after the store could not be read
constexpr int kSignalsOfARun = 10'000;                  // Temporal's limit
constexpr int kWarnAt = kSignalsOfARun * 8 / 10;
constexpr int kAskForRun = 1'000;
constexpr std::size_t kMostCounted = 10'000;

std::string text_in(const Map& action, std::string_view key) {
  const Value* value = action.find(key);
  return value != nullptr && value->text() != nullptr ? *value->text() : "";
}

// Text goes as that text, bytes as those bytes, anything else as its JSON.
std::string payload_bytes(const Value* payload) {
  if (payload == nullptr) return "";
  if (const std::string* text = payload->text()) return *text;
  if (const Bytes* bytes = payload->get_if<Bytes>()) return bytes->data;
  return json::write(*payload);
}

DeliveryAnswer publish_answer(const Result<void>& result) {
  DeliveryAnswer answer;
  answer.outcome = DeliveryOutcome::done;
  if (result) return answer;
  const bool again = meaning_of(result.error().kind()).worth_retrying;
  answer.outcome = again ? DeliveryOutcome::retry : DeliveryOutcome::dead;
  answer.unreachable = result.error().kind() == ErrorKind::unavailable;
  answer.refusal = result.error().kind();
  answer.reason = result.error().message();
  return answer;
}

}  // namespace

struct Bridge::Call {
  outbox::Job job;
  DeliveryAnswer answer;
};

template <typename Work>
auto Bridge::guarded(Work work) {
  return [this, alive = std::weak_ptr(alive_), work = std::move(work)](auto&&... arguments) mutable {
    if (!alive.expired()) work(std::forward<decltype(arguments)>(arguments)...);
  };
}

Bridge::Bridge(Parts parts, const outbox::Limits& limits) : parts_(std::move(parts)), policy_(limits) {}

Bridge::~Bridge() {
  if (timer_) parts_.loop.cancel(*timer_);
}

LinkState Bridge::state(outbox::Target target) const {
  const outbox::Link& link = policy_.link(target);
  return {!link.closed() || link.held(), link.held(), link.problem()};
}

void Bridge::begin(std::uint64_t newest_number) {
  policy_.begin(newest_number);
  work();
}

void Bridge::added(std::vector<model::OutboxRecord> records) {
  for (model::OutboxRecord& record : records) {
    open(record);
    policy_.added(std::move(record), now().elapsed);
  }
  work();
}

void Bridge::revived(StoredRecord stored) {
  open(stored.record);
  policy_.revived(std::move(stored.record), std::move(stored.memory), now().elapsed);
  work();
}

bool Bridge::drop(const std::vector<std::uint64_t>& numbers, const std::function<void(std::uint64_t)>& each,
                  std::function<void()> done) {
  std::vector<RecordUpdate> updates;
  for (const std::uint64_t number : numbers) {
    if (!policy_.dropped(number, now().elapsed)) continue;
    each(number);
    updates.emplace_back().number = number;
  }
  if (updates.empty()) return false;
  commit(std::move(updates), std::nullopt, std::move(done));
  return true;
}

void Bridge::set_limits(const outbox::Limits& limits) {
  policy_.set_limits(limits, now().elapsed);
  work();
}

void Bridge::try_now(outbox::Target target) {
  policy_.try_now(target, now().elapsed);
  work();
}

// Everything that can be done now. Answers and commits may come from within; they are worked off by
// the call that is already running.
void Bridge::work() {
  if (working_) return;
  working_ = true;
  expire();
  while (auto step = policy_.next(now().elapsed)) take(std::move(*step));
  working_ = false;
  read_more();
  arm();
}

void Bridge::arm() {
  if (timer_) parts_.loop.cancel(*timer_);
  timer_.reset();
  const auto wake = policy_.wake();
  if (!wake) return;
  const Moment machine = parts_.loop.now();
  const Millis wait = std::max(Millis(0), *wake - now().elapsed);
  timer_ = parts_.loop.at(machine.elapsed + wait, [this] {
    timer_.reset();
    work();
  });
}

void Bridge::read_more() {
  const auto wanted = reading_ ? std::nullopt : policy_.wants();
  if (!wanted) return;
  reading_ = true;
  parts_.read(wanted->lane, wanted->after, wanted->limit,
              guarded([this, what = *wanted](Result<std::vector<StoredRecord>> records) {
                took_in(what, std::move(records));
              }));
}

void Bridge::took_in(const outbox::Policy::Read& what, Result<std::vector<StoredRecord>> records) {
  if (!records) {
    parts_.log.error("outbox.read", records.error().message());
    parts_.loop.at(parts_.loop.now().elapsed + kReadAgain, guarded([this] {
                     reading_ = false;
                     work();
                   }));
    return;
  }
  reading_ = false;
  std::vector<outbox::Policy::Waiting> waiting;
  waiting.reserve(records->size());
  for (StoredRecord& stored : *records) {
    open(stored.record);
    waiting.push_back({std::move(stored.record), std::move(stored.memory)});
  }
  policy_.read(what, std::move(waiting), now().elapsed);
  work();
}

void Bridge::take(outbox::Step step) {
  if (!step.job) {
    commit(std::move(step.updates), step.number);
  } else if (step.job->target == outbox::Target::broker) {
    publish(std::move(*step.job));
  } else {
    call_temporal(std::move(*step.job));
  }
}

void Bridge::call_temporal(outbox::Job job) {
  const Elapsed sent = now().elapsed;
  auto call = std::make_shared<Call>(Call{std::move(job), {}});
  WorkflowService& temporal = parts_.temporal;
  parts_.callers.run(
      [call, &temporal] { call->answer = temporal.deliver(call->job.entry.record, call->job.entry.memory); },
      guarded([this, call, sent] { answered(std::move(call->job), call->answer, sent); }));
}

void Bridge::publish(outbox::Job job) {
  const Elapsed sent = now().elapsed;
  auto call = std::make_shared<Call>(Call{std::move(job), {}});
  const Map& action = call->job.entry.record.action;
  const auto done = [this, &loop = parts_.loop, alive = std::weak_ptr(alive_), call,
                     sent](const Result<void>& result) {
    loop.post([this, alive, call, sent, answer = publish_answer(result)] {
      if (!alive.expired()) answered(std::move(call->job), answer, sent);
    });
  };
  if (parts_.bus == nullptr) return done(Error(ErrorKind::invalid, "there is no [mqtt] to publish to"));
  const Value* qos = action.find("qos");
  const Value* retain = action.find("retain");
  const auto expiry = parse_duration(text_in(action, "expiry"));
  parts_.bus->publish(
      text_in(action, "topic"), payload_bytes(action.find("payload")),
      qos != nullptr && qos->is<std::int64_t>() ? static_cast<int>(*qos->get_if<std::int64_t>()) : 0,
      retain != nullptr && retain->is<bool>() && *retain->get_if<bool>(),
      expiry ? std::optional(*expiry) : std::nullopt, done);
}

void Bridge::answered(outbox::Job job, const DeliveryAnswer& answer, Elapsed sent) {
  const Elapsed at = now().elapsed;
  if (parts_.requested) {
    parts_.requested({job.entry.record.kind, answer.outcome, at - sent, job.target, answer.prepared,
                      outbox::passed(answer)});
  }
  outbox::Verdict verdict = policy_.answered(std::move(job), answer, at);
  std::optional<std::uint64_t> kept;
  if (verdict.wait_until_kept) kept = verdict.updates.front().number;
  if (verdict.finished) finish(std::move(*verdict.finished), verdict.updates);
  if (!verdict.updates.empty()) commit(std::move(verdict.updates), kept);
  tell_link();
  work();
}

void Bridge::finish(outbox::Finished finished, std::vector<RecordUpdate>& updates) {
  model::OutboxRecord& record = finished.record;
  // Who waits for the answer is told the refusal: it need not be kept as well.
  if (finished.end == outbox::End::dead && parts_.awaited && parts_.awaited(record.number)) {
    for (RecordUpdate& update : updates) update.kind = RecordUpdate::Kind::remove;
  } else if (finished.end == outbox::End::dead) {
    parts_.log.warning(
        "outbox.dead", "an action is refused for good",
        {{"record", record.number}, {"lane", record.lane}, {"reason", finished.answer.reason}});
  } else if (finished.end == outbox::End::expired) {
    parts_.log.warning("outbox.expired", "an action waited longer than it may",
                       {{"record", record.number}, {"lane", record.lane}});
  }
  count_signal(finished);
  if (!finished.memory.renamed_id.empty()) record.action.set("id", finished.memory.renamed_id);
  if (parts_.delivered)
    parts_.delivered({std::move(record), finished.end, std::move(finished.answer), now()});
}

void Bridge::expire() {
  std::vector<RecordUpdate> updates;
  for (outbox::Finished& expired : policy_.expire(now().elapsed)) {
    expired.answer.outcome = DeliveryOutcome::dead;
    expired.answer.refusal = ErrorKind::timed_out;
    expired.answer.reason = "it waited longer than it may";
    RecordUpdate remove;
    remove.number = expired.record.number;
    updates.push_back(std::move(remove));
    finish(std::move(expired), updates);
  }
  if (!updates.empty()) commit(std::move(updates), std::nullopt);
}

void Bridge::commit(std::vector<RecordUpdate> updates, std::optional<std::uint64_t> kept,
                    std::function<void()> done) {
  seal(updates);
  std::vector<std::uint64_t> removed;
  for (const RecordUpdate& update : updates) {
    if (update.kind == RecordUpdate::Kind::remove || update.kind == RecordUpdate::Kind::bury)
      removed.push_back(update.number);
  }
  parts_.commit(std::move(updates),
                guarded([this, kept, done = std::move(done), removed = std::move(removed)] {
                  policy_.removed(removed);
                  if (done) done();
                  if (!kept) return;
                  policy_.kept(*kept, now().elapsed);
                  work();
                }));
}

// A merge goes to the disk as its parts did.
void Bridge::seal(std::vector<RecordUpdate>& updates) {
  if (parts_.sealer == nullptr) return;
  for (RecordUpdate& update : updates) {
    if (!update.action) continue;
    model::OutboxRecord record;
    record.kind = model::ActionKind::signal;
    record.action = std::move(*update.action);
    if (const auto sealed = parts_.sealer->seal(record); !sealed) {
      parts_.log.error("outbox.encryption", sealed.error().message(), {{"record", update.number}});
    }
    update.action = std::move(record.action);
  }
}

// Only what is to be merged must be seen; all else stays sealed.
void Bridge::open(model::OutboxRecord& record) const {
  if (parts_.sealer == nullptr || !outbox::merges(record)) return;
  if (const auto opened = parts_.sealer->open(record); !opened) {
    parts_.log.error("outbox.encryption", opened.error().message(), {{"record", record.number}});
  }
}

void Bridge::tell_link() {
  const LinkState present = temporal();
  if (present.reached == told_.reached && present.held == told_.held && present.problem == told_.problem)
    return;
  told_ = present;
  if (parts_.link_changed) parts_.link_changed();
}

// Temporal's limit is one run's, and a signal's answer does not name the run: every so often it is asked
// for, and another run counts anew.
void Bridge::count_signal(const outbox::Finished& finished) {
  const model::OutboxRecord& record = finished.record;
  if (finished.end != outbox::End::done) return;
  if (record.kind == model::ActionKind::start) signals_.erase(record.lane);
  if (record.kind != model::ActionKind::signal && record.kind != model::ActionKind::signal_with_start) return;
  if (signals_.size() >= kMostCounted) signals_.clear();
  Signals& signals = signals_[record.lane];
  const std::string& run_id = finished.answer.run_id;
  if (!run_id.empty() && run_id != signals.run_id) signals = {run_id, 0};
  if (++signals.count % kAskForRun == 0) ask_for_run(record.lane);
}

void Bridge::ask_for_run(const std::string& workflow_id) {
  auto run_id = std::make_shared<std::string>();
  parts_.callers.run(
      [&temporal = parts_.temporal, workflow_id, run_id] {
        if (const auto described = temporal.describe(workflow_id, "")) *run_id = described->run_id;
      },
      guarded([this, workflow_id, run_id] {
        const auto found = signals_.find(workflow_id);
        if (found == signals_.end() || run_id->empty()) return;
        Signals& signals = found->second;
        if (signals.run_id.empty()) signals.run_id = *run_id;
        if (signals.run_id != *run_id) signals = {*run_id, 0};
        if (signals.count < kWarnAt || signals.count >= kWarnAt + kAskForRun) return;
        parts_.log.warning(
            "temporal.many_signals",
            fmt::format("a run has had {} signals from here, and takes {} at most: let the workflow continue "
                        "as new, merge them, or send windows",
                        signals.count, kSignalsOfARun),
            {{"workflow", workflow_id}, {"run", *run_id}});
      }));
}

}  // namespace sundial::runtime
