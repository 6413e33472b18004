// One question a workflow, repeated with growing pauses.
#include "agent/api/result_waiters.hpp"

#include <algorithm>

namespace sundial::api {

namespace {

constexpr Millis kLongestPause = std::chrono::seconds{1};
constexpr Millis kPauseForEach{10};  // at most a hundred questions a second in all

}  // namespace

ResultWaiters::~ResultWaiters() {
  for (auto& [key, question] : questions_) loop_.cancel(question.timer);
}

void ResultWaiters::wait_for(const std::string& workflow_id, const std::string& run_id, Millis wait,
                             Answer<WorkflowResult> done) {
  if (waiting_ >= kMaxWaiting) return done(Error(ErrorKind::exhausted, "too many callers wait for results"));
  const Key key(workflow_id, run_id);
  const bool asked_for = questions_.contains(key);
  Question& question = questions_[key];
  question.waiters.push_back({loop_.now().elapsed + wait, std::move(done)});
  ++waiting_;
  // Where others wait already, the next question is near enough, unless it would come too late.
  if (question.asking || (asked_for && wait > kLongestPause)) return;
  loop_.cancel(question.timer);
  ask(key);
}

void ResultWaiters::ask(const Key& key) {
  questions_[key].asking = true;
  const std::weak_ptr<bool> alive = alive_;
  agent_.workflow_result(key.first, key.second, [this, alive, key](Result<WorkflowResult> result) {
    if (!alive.expired()) heard(key, std::move(result));
  });
}

void ResultWaiters::heard(const Key& key, Result<WorkflowResult> result) {
  const auto place = questions_.find(key);
  if (place == questions_.end()) return;
  Question& question = place->second;
  question.asking = false;
  const Elapsed now = loop_.now().elapsed;
  const bool running = result && result->status == "running";
  std::vector<Waiter> served;
  const auto still =
      std::stable_partition(question.waiters.begin(), question.waiters.end(),
                            [&](const Waiter& waiter) { return running && waiter.until > now; });
  std::move(still, question.waiters.end(), std::back_inserter(served));
  question.waiters.erase(still, question.waiters.end());
  waiting_ -= served.size();
  if (question.waiters.empty()) {
    questions_.erase(place);
  } else {
    Elapsed next = now + std::max(question.pause, kPauseForEach * static_cast<int>(questions_.size()));
    for (const Waiter& waiter : question.waiters) next = std::min(next, waiter.until);
    question.pause = std::min(question.pause * 3 / 2, kLongestPause);
    question.timer = loop_.at(next, [this, key] { ask(key); });
  }
  for (const Waiter& waiter : served) waiter.done(result);
}

}  // namespace sundial::api
