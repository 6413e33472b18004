// The inside of the book, shared by the files that implement it.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "agent/core/schedule/book.hpp"
#include "agent/core/schedule/course.hpp"

namespace sundial::schedule {

struct Book::Impl {
  // The schedule of the file stands before that of the API with the same id.
  struct Slot {
    std::unique_ptr<Course> file;
    std::unique_ptr<Course> api;
    std::unique_ptr<std::string> json;  // of the API's
  };
  struct ByOrder {
    bool operator()(const Course* left, const Course* right) const { return left->order() < right->order(); }
  };
  // At one instant in the order of the file.
  struct SoonerOnTheWall {
    bool operator()(const Course& left, const Course& right) const {
      return std::pair(*left.wall_wake(), left.order()) < std::pair(*right.wall_wake(), right.order());
    }
  };
  struct SoonerByElapsed {
    bool operator()(const Course& left, const Course& right) const {
      return std::pair(*left.elapsed_wake(), left.order()) < std::pair(*right.elapsed_wake(), right.order());
    }
  };

  explicit Impl(const ZoneSource& source) : zones(source) {}

  Course* active(std::string_view id);
  std::unique_ptr<Course> compile(const model::ScheduleDefinition& definition, bool from_file,
                                  std::vector<model::Problem>& problems);
  void enter(Course& course);
  void leave(Course& course);
  void enter_all();
  template <typename Act>
  void change(Course& course, Act act);
  template <typename Act>
  void for_each_active(Act act) {
    for (auto& [id, slot] : slots) act(slot.file ? *slot.file : *slot.api);
  }

  void advance(Moment now, const Hands& hands, model::Effects& effects);
  void say_problems(Moment now, model::Effects& effects);
  void begin_wait(Moment now);
  void end_wait(Moment now);
  void trust(bool trusted, Moment now);
  void step(Instant before, Moment now);
  void command(const model::ScheduleCommand& command, Moment now, Scene& scene);
  void put(const model::ScheduleCommand& command, Moment now);
  void remove(const std::string& id);

  std::string device;
  std::string time_zone;
  Millis clock_wait{};
  ZoneTables zones;
  Prepare prepare;
  std::map<std::string, Slot, std::less<>> slots;
  std::uint32_t next_order = 0;
  std::vector<std::pair<std::string, std::string>> stored_problems;  // id and what is wrong

  IndexedHeap<Course, &Course::wall_place, SoonerOnTheWall> wall_wakes;
  IndexedHeap<Course, &Course::elapsed_place, SoonerByElapsed> elapsed_wakes;

  Moment seen{};  // the last one
  Elapsed wait_began{};
  Elapsed wait_ends{};
  ClockView clock;
  Downtime downtime;
  bool full = false;
  bool link_up = true;
  std::optional<Elapsed> link_settles;

  std::set<Course*, ByOrder> touched;  // since the last collect
  std::vector<model::StateChange> changes;
};

}  // namespace sundial::schedule
