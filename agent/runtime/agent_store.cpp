// The agent and its store: what happens when it is full, and when it can't be written.
#include <algorithm>
#include <utility>

#include "agent/core/outbox/weight.hpp"
#include "agent/runtime/agent.hpp"
#include "agent/runtime/rules_in_force.hpp"

namespace sundial::runtime {
namespace {

// Of max_size: full from here on, until there is so much room again. What is on its way when the store
// becomes full has the rest.
constexpr std::uint64_t kFullTenths = 9;
constexpr std::uint64_t kRoomTenths = 8;
constexpr std::uint64_t kMostShed = 1'000;  // at once
constexpr Millis kTellingUptime = std::chrono::minutes{10};
constexpr Millis kLookAgain{5'000};  // for room on the disk that others have made
constexpr Millis kFirstPause{500};
constexpr Millis kLongestPause{5'000};

bool comes_from_a_caller(const model::OutboxRecord& record) {
  return record.origin.kind == model::OriginKind::http ||
         record.origin.kind == model::OriginKind::command_line;
}

std::uint64_t tenths(std::uint64_t limit, std::uint64_t count) {
  return limit / 10 * count;
}

}  // namespace

// --- room ----------------------------------------------------------------------------------------

// What waits, wherever it does: in the outbox, in the journal, in the write-ahead log.
std::uint64_t Agent::used_bytes() const {
  const StoreSize& size = committer_->size();
  return size.waiting_bytes + size.log_bytes + journal_->bytes();
}

// After each commit: whether there is room, and for how much.
void Agent::look_at_room() {
  if (!stands()) return;
  count_dead();
  count_written();
  admitted_ = 0;
  const std::uint64_t used = used_bytes();
  limit_ = static_cast<std::uint64_t>(configuration_.store.max_size);
  if (parts_.spare_room) {
    limit_ = std::min(limit_, used + parts_.spare_room());
  }
  const std::uint64_t most = tenths(limit_, kFullTenths);
  const std::uint64_t coming = 2 * engine_->uncommitted_bytes();
  if (configuration_.store.on_full == model::OnFull::block) {
    if (!full_ && used >= most) {
      become_full(used);
    } else if (full_ && used <= tenths(limit_, kRoomTenths)) {
      have_room();
    }
    intake_.set_room(full_ || used + coming >= most ? 0 : most - used - coming);
  } else {
    if (full_) have_room();
    intake_.set_room(UINT64_MAX);
    const bool sheds = configuration_.store.on_full != model::OnFull::drop_newest;
    if (sheds && used >= most && !shedding_) shed(used - tenths(limit_, kRoomTenths));
  }
  look_again_at_room();
  if (!full_ && engine_->known().full && untold_.empty()) accept_own(model::StoreFull{false});
  tell_what_waits();
  if (!full_ && parts_.bus != nullptr && intake_.left_something()) parts_.bus->take_again();
}

// Room in the store comes with a commit; room on the disk may come from anybody.
void Agent::look_again_at_room() {
  const bool scarce = full_ && limit_ < static_cast<std::uint64_t>(configuration_.store.max_size);
  if (!scarce || room_timer_) return;
  room_timer_ = parts_.loop.at(parts_.loop.now().elapsed + kLookAgain, [this] {
    room_timer_.reset();
    look_at_room();
  });
}

// on_full = "block": nothing more is taken or decided until the bridge has made room.
void Agent::become_full(std::uint64_t used) {
  const bool scarce = limit_ < static_cast<std::uint64_t>(configuration_.store.max_size);
  parts_.log.warning("store.full",
                     scarce ? "the disk has too little room: nothing more is accepted until something was "
                              "delivered, or there is more room"
                            : "nothing more is accepted until something was delivered",
                     {{"used_bytes", used}, {"limit", limit_}, {"max_size", configuration_.store.max_size}});
  if (!engine_->known().away) accept_own(model::Absence{true});
  if (!engine_->known().full) accept_own(model::StoreFull{true});
  full_ = true;
  engine_->freeze(true);
}

void Agent::have_room() {
  full_ = false;
  parts_.log.info("store.has_room", "messages are accepted again");
  engine_->freeze(false);
  if (parts_.bus == nullptr || bus_subscribed_) accept_own(model::Absence{false});
  if (parts_.bus != nullptr) parts_.bus->take_again();
}

// on_full = "drop_newest": what finds no room is not written at all. A caller has been refused before.
bool Agent::admits(const model::OutboxRecord& record) {
  if (configuration_.store.on_full != model::OnFull::drop_newest || comes_from_a_caller(record)) return true;
  const std::uint64_t weight = outbox::weight_of(record);
  if (used_bytes() + admitted_ + weight > tenths(limit_, kFullTenths)) return false;
  admitted_ += weight;
  return true;
}

bool Agent::takes_calls() const {
  switch (configuration_.store.on_full) {
    case model::OnFull::block:
      return !full_;
    case model::OnFull::drop_newest:
      return used_bytes() < tenths(limit_, kFullTenths);
    case model::OnFull::drop_oldest:
    case model::OnFull::drop_lowest_priority:
      return true;
  }
  return true;
}

// on_full = "drop_oldest", "drop_lowest_priority": decides nothing more until those are gone that make room.
void Agent::shed(std::uint64_t excess) {
  shedding_ = true;
  engine_->freeze(true);
  const StoreSize& size = committer_->size();
  const std::uint64_t each = size.waiting_bytes / std::max<std::uint64_t>(size.waiting, 1) + 1;
  const std::size_t count = std::min(kMostShed, excess / each + 1);
  const bool oldest = configuration_.store.on_full == model::OnFull::drop_oldest;
  ask_store<std::vector<StoredRecord>>(
      [count, oldest](Store& store) {
        return oldest ? store.records(RecordState::waiting, 0, count) : store.least_urgent(count);
      },
      [this, oldest](const Result<std::vector<StoredRecord>>& found) {
        if (!stands()) return;
        if (!found) return fail(found.error());
        shed_these(*found, oldest ? "oldest" : "priority");
      });
}

void Agent::shed_these(const std::vector<StoredRecord>& candidates, std::string_view reason) {
  std::vector<std::uint64_t> numbers;
  numbers.reserve(candidates.size());
  for (const StoredRecord& stored : candidates) numbers.push_back(stored.record.number);
  const auto go_on = [this] {
    shedding_ = false;
    if (stands()) engine_->freeze(full_);
  };
  std::uint64_t dropped = 0;
  auto next = candidates.begin();
  const auto each = [&](std::uint64_t number) {
    while (next->record.number != number) ++next;  // in the same order
    committer_->next().ledger.push_back(dropped_entry(next->record, engine_->now().wall, reason));
    end_unsent(next->record, reason);
    ++dropped;
  };
  if (!bridge_->drop(numbers, each, go_on)) return go_on();  // all of them are on their way
  parts_.log.warning("outbox.dropped", "the store is full: records were dropped",
                     {{"records", dropped}, {"reason", reason}});
}

// A record that a drop policy took: counted, and told to whoever waits for it.
void Agent::end_unsent(const model::OutboxRecord& record, std::string_view reason) {
  metrics_.count("outbox_dropped_total", reason);
  if (record.kind == model::ActionKind::start || record.kind == model::ActionKind::signal_with_start) {
    watcher_->never_starts(record.lane);
  }
  DeliveryAnswer answer;
  answer.outcome = DeliveryOutcome::dead;
  answer.refusal = ErrorKind::exhausted;
  answer.reason = "the store was full, and it was dropped";
  answer_waiting(record.number, std::move(answer));
}

void Agent::count_dead() {
  const std::uint64_t dropped = committer_->size().dead_dropped;
  if (dropped > dead_dropped_) metrics_.count("outbox_dropped_total", "dead", {}, dropped - dead_dropped_);
  dead_dropped_ = dropped;
}

// The figures go along with each commit: a day may have several starts.
void Agent::count_written() {
  written_.count(parts_.loop.now().wall, written_since_start());
  committer_->next().facts.emplace_back(kWrittenFact, written_.write());
}

std::uint64_t Agent::written_since_start() const {
  return committer_->size().written_bytes + (parts_.journal_written ? parts_.journal_written() : 0);
}

// On the first day what was written since the start stands for it, once that is long enough ago.
std::optional<std::uint64_t> Agent::written_a_day() const {
  if (const auto mean = written_.mean_day(parts_.loop.now().wall)) return mean;
  const Millis uptime = parts_.loop.now().elapsed - started_;
  if (uptime < kTellingUptime) return std::nullopt;
  return static_cast<std::uint64_t>(static_cast<double>(written_since_start()) *
                                    (std::chrono::duration<double>(std::chrono::hours{24}) / uptime));
}

// --- crash-only ----------------------------------------------------------------------------------

// What is in memory may be ahead of the disk, and nobody knows by how much: it is given up, and all
// begins anew from the store and the journal, as after a crash.
void Agent::fail(const Error& problem) {
  if (!failure_.empty()) return;
  failure_ = problem.message();
  parts_.log.error("store.failed", "the agent begins anew as soon as its state can be written again",
                   {{"problem", failure_}});
  intake_.close();
  if (engine_) rules_to_rebuild_ = write_rules(in_force());
  tear_down();
}

// When that transaction is through: thousands of rows leave holes between what lives on.
void Agent::give_back_memory_later() {
  constexpr Millis kThrough = std::chrono::seconds{1};
  if (memory_timer_ || !parts_.give_back_memory) return;
  memory_timer_ = parts_.loop.at(parts_.loop.now().elapsed + kThrough, [this] {
    memory_timer_.reset();
    parts_.give_back_memory();
  });
}

void Agent::tear_down() {
  for (auto* timer : {&clock_timer_, &sync_timer_, &room_timer_}) {
    if (*timer) parts_.loop.cancel(*std::exchange(*timer, std::nullopt));
  }
  untold_.clear();
  full_ = shedding_ = false;
  bridge_.reset();
  if (engine_) engine_->freeze(true);
  if (committer_) committer_->give_up(failure());
  std::map<std::uint64_t, Waiting> waiting;
  waiting.swap(waiting_);
  for (auto& [number, one] : waiting) {
    parts_.loop.cancel(one.timer);
    if (one.kept) {
      one.done(api::Submission{number, one.workflow_id, std::nullopt});
    } else {
      one.done(failure());
    }
  }
  look_at_end();
  // Behind what the store's worker still has to do with the parts that go.
  parts_.store_worker.run([] {},
                          [this] {
                            engine_.reset();
                            committer_.reset();
                            journal_.reset();
                            rebuild_pause_ = std::clamp(rebuild_pause_ * 2, kFirstPause, kLongestPause);
                            rebuild_timer_ =
                                parts_.loop.at(parts_.loop.now().elapsed + rebuild_pause_, [this] {
                                  rebuild_timer_.reset();
                                  if (!stopping_) rebuild();
                                });
                          });
}

// A commit proves that it can go on; only then is anything taken or sent.
void Agent::rebuild() {
  std::vector<model::Problem> problems;
  const auto configuration = read_rules(rules_to_rebuild_, configuration_);
  const auto last = configuration ? begin(*configuration, problems) : Result<Moment>(configuration.error());
  if (!last) {
    failure_ = last.error().message();
    return tear_down();
  }
  committer_->now([this, last = *last](const Result<void>& proved) {
    if (!proved) {
      failure_ = proved.error().message();
      return parts_.loop.post([this] { tear_down(); });
    }
    failure_.clear();
    rules_to_rebuild_.clear();
    rebuild_pause_ = Millis{0};
    parts_.log.info("store.works_again", "the state can be written again, and all goes on from it");
    resume(last);
    if (parts_.bus != nullptr) parts_.bus->take_again();
  });
}

}  // namespace sundial::runtime
