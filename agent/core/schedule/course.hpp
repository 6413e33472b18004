// Course: one schedule's life, from a due time that comes to a run that ends.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/model/effects.hpp"
#include "agent/core/schedule/book.hpp"
#include "agent/core/schedule/course_state.hpp"
#include "agent/core/schedule/timetable.hpp"
#include "platform/base/indexed_heap.hpp"
#include "platform/base/seldom.hpp"

namespace sundial::schedule {

// Time that was not lived through: the agent was down, the clock was stepped, the store was full.
struct Downtime {
  Instant until{};      // what was due to fire before was missed by it
  Instant reference{};  // up to here its lateness counts: what follows was waiting
  std::string_view reason = "catch_up";
};

// How the clock stands.
struct ClockView {
  bool trusted = false;
  bool calendars_run = false;  // trusted, or waited for long enough
  Instant hole_begin{};        // intervals ran on the elapsed clock (hole_begin, hole_end]
  Instant hole_end{};
};

// What a course may see and touch while it works something off.
struct Scene {
  Moment now;
  const Hands& hands;
  model::Effects& effects;
  const ClockView& clock;
  const Downtime& downtime;
  bool link_up = true;
};

// There may be thousands, so each keeps as little as it can.
class Course {
 public:
  // `id` must outlive it.
  Course(std::string_view id, const model::ScheduleDefinition& definition, Timetable timetable,
         std::shared_ptr<const Deeds> deeds, bool from_file, std::uint32_t order);

  std::string_view id() const { return id_; }
  const Timetable& timetable() const { return timetable_; }
  const CourseState& state() const { return state_; }
  bool from_file() const { return from_file_; }
  std::uint32_t order() const { return order_; }

  // State of an earlier life; of another definition only what runs and what has had its turn is kept.
  void adopt(CourseState state);
  void begin(Moment now);
  // The clock that stamped the cursor was wrong by so much.
  void correct(Millis step);
  void clock_is_right() { cursor_is_guess_ = false; }
  // Due times later than `now` are to come; those that have had their turn won't.
  void turn_back(Instant now);
  // While a schedule of a file stands in its place, nothing of it is due or missed.
  void shadow() { shadowed_ = true; }

  // When something is to be worked off; both may be there.
  void refresh(const ClockView& clock);
  std::optional<Instant> wall_wake() const { return pace_ends_ ? std::nullopt : fire_at_; }
  std::optional<Elapsed> elapsed_wake() const;
  void on_due(Scene& scene);
  void on_elapsed(Scene& scene);

  // Intervals run on the elapsed clock from here on.
  void start_ticking(Elapsed now);
  void stop_ticking() { (void)ticks_.take(); }

  void pause(std::string_view note);
  void unpause(std::string_view note);
  void trigger(std::optional<model::Overlap> overlap, Scene& scene);
  void backfill(const model::ScheduleCommand& command, Scene& scene);
  void run_ended(const model::RunEnded& ended, Scene& scene);
  // The link has been up for long enough: what still counts as running runs.
  void decide(Scene& scene);
  bool undecided() const { return !state_.undecided.empty(); }

  bool take_dirty();
  std::string write() const;

  static constexpr std::array<std::string_view, 5> kReasons{"catch_up", "overlap", "paused", "clock", "full"};
  std::uint64_t fired() const { return fired_; }
  std::uint64_t missed(std::size_t reason) const { return missed_[reason]; }

  // Its places in the heaps of what is to be worked off.
  std::uint32_t wall_place = kNowhere;
  std::uint32_t elapsed_place = kNowhere;

 private:
  void work_off(Scene& scene);
  bool pass_old(Scene& scene);
  void settle(Instant due);
  void miss(const Occurrence& occurrence, std::string_view what, std::string_view reason, std::string detail,
            Scene& scene);
  void offer(const Occurrence& occurrence, Scene& scene);
  void overlaps(const Occurrence& occurrence, Scene& scene);
  void launch(Occurrence occurrence, Scene& scene);
  void next_in_line(Scene& scene);
  void tick(Scene& scene);
  void work_off_backfill(Scene& scene);
  Instant own_moment(Instant now);
  bool tracks_runs() const;
  bool paced(Scene& scene);
  void tell(Instant due, Instant at, std::string_view what, std::string_view reason, std::string detail,
            Scene& scene);

  std::string_view id_;
  Millis catch_up_;
  Timetable timetable_;
  std::shared_ptr<const Deeds> deeds_;
  CourseState state_;
  std::uint32_t order_;
  model::Overlap overlap_;
  bool pause_on_failure_;
  bool from_file_;
  bool known_ = false;  // state of an earlier life was adopted
  bool cursor_is_guess_ = false;
  bool fresh_ = false;  // nothing of it was due yet
  bool shadowed_ = false;
  bool dirty_ = false;
  std::optional<Instant> next_due_;
  std::optional<Instant> fire_at_;
  Seldom<Elapsed> ticks_;  // of each interval, while the clock is not trusted
  std::optional<Elapsed> pace_ends_;
  std::optional<Instant> pace_began_;  // what came due since then is late by pacing only
  int made_up_in_a_row_ = 0;
  int missed_in_a_row_ = 0;
  std::uint64_t fired_ = 0;
  std::array<std::uint32_t, kReasons.size()> missed_{};
};

}  // namespace sundial::schedule
