// Random cron strings and calendars of every form, with exclusions, at random instants near a transition
// of a random zone, against the naive oracle.
#include <array>
#include <functional>
#include <random>

#include "tests/agent/core/schedule/oracle_rig.hpp"

namespace sundial::schedule {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

// What is asked, once as text for the reference and once as a definition.
struct Asked {
  model::ScheduleDefinition definition;
  std::vector<oracle::Cron> parts;
  std::vector<oracle::Cron> exclusions;
  std::string text;
};

class Dice {
 public:
  explicit Dice(unsigned seed) : random_(seed) {}

  int pick(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }
  bool chance(int percent) { return pick(1, 100) <= percent; }

  std::string list(int low, int high, const std::function<std::string()>& special) {
    std::string text = item(low, high, special);
    while (chance(25)) text += "," + item(low, high, special);
    return text;
  }

 private:
  std::string item(int low, int high, const std::function<std::string()>& special) {
    if (special && chance(25)) return special();
    const int a = pick(low, high);
    const int b = pick(a, high);
    switch (pick(0, 6)) {
      case 0:
        return "*";
      case 1:
        return "*/" + std::to_string(pick(1, high + 3));
      case 2:
        return std::to_string(a) + "-" + std::to_string(b);
      case 3:
        return std::to_string(a) + "/" + std::to_string(pick(1, 20));
      case 4:
        return std::to_string(a) + "-" + std::to_string(b) + "/" + std::to_string(pick(1, 9));
      default:
        return std::to_string(a);
    }
  }

  std::mt19937 random_;
};

class OracleRandom : public OracleTest {
 protected:
  // Second to year. `dense`: the stretch is looked at second by second.
  std::array<std::string, 7> fields(bool dense, bool calendar) {
    static constexpr std::array<const char*, 7> weekdays{"sun", "Mon",    "TUE", "wednesday",
                                                         "thu", "Friday", "sat"};
    static constexpr std::array<const char*, 4> months{"jan", "March", "OCT", "nov"};
    const auto month_day = [this]() -> std::string {
      switch (dice_.pick(0, 3)) {
        case 0:
          return "L";
        case 1:
          return "LW";
        case 2:
          return "L-" + std::to_string(dice_.pick(0, 30));
        default:
          return std::to_string(dice_.pick(1, 31)) + "W";
      }
    };
    const auto week_day = [this]() -> std::string {
      const std::string day = dice_.chance(50) ? weekdays[static_cast<std::size_t>(dice_.pick(0, 6))]
                                               : std::to_string(dice_.pick(0, 7));
      switch (dice_.pick(0, 2)) {
        case 0:
          return day + "L";
        case 1:
          return day + "#" + std::to_string(dice_.pick(1, 5));
        default:
          return day;
      }
    };
    const auto month = [this]() -> std::string { return months[static_cast<std::size_t>(dice_.pick(0, 3))]; };
    const int year = calendar ? 2000 : 1970;
    return {dense ? dice_.list(0, 59, {}) : "0",
            dice_.list(0, 59, {}),
            dice_.list(0, 23, {}),
            dice_.chance(50) ? "*" : dice_.list(1, 31, month_day),
            dice_.chance(70) ? "*" : dice_.list(1, 12, month),
            dice_.chance(50) ? (dice_.chance(50) ? "*" : "?") : dice_.list(0, 7, week_day),
            dice_.chance(80) ? "*" : dice_.list(year, 2100, {})};
  }

  static std::string joined(const std::array<std::string, 7>& fields, std::size_t first, std::size_t count) {
    std::string text;
    for (std::size_t i = first; i < first + count; ++i) text += (text.empty() ? "" : " ") + fields[i];
    return text;
  }

  model::CalendarDefinition calendar_of(const std::array<std::string, 7>& fields) {
    model::CalendarDefinition calendar;
    const std::array places{&model::CalendarDefinition::second, &model::CalendarDefinition::minute,
                            &model::CalendarDefinition::hour,   &model::CalendarDefinition::day_of_month,
                            &model::CalendarDefinition::month,  &model::CalendarDefinition::day_of_week,
                            &model::CalendarDefinition::year};
    for (std::size_t i = 0; i < places.size(); ++i) calendar.*places[i] = model::Text{fields[i], {}};
    return calendar;
  }

  Asked ask(bool dense) {
    Asked asked;
    for (int parts = dice_.pick(1, 2); parts > 0; --parts) {
      if (dice_.chance(60)) {
        const auto written = fields(dense, false);
        // Without seconds, or without a year, or with both.
        const std::string cron = !dense             ? joined(written, 1, 5)
                                 : dice_.chance(50) ? joined(written, 0, 6)
                                                    : joined(written, 0, 7);
        asked.definition.crons.push_back({cron, {}});
        asked.parts.emplace_back(cron);
        asked.text += "cron '" + cron + "' ";
      } else {
        const auto written = fields(dense, true);
        asked.definition.calendars.push_back(calendar_of(written));
        asked.parts.emplace_back(joined(written, 0, 7), oracle::Cron::Days::all);
        asked.text += "calendar '" + joined(written, 0, 7) + "' ";
      }
    }
    for (int exclusions = dice_.pick(0, 2); exclusions > 0; --exclusions) {
      auto written = fields(dense, true);
      if (dice_.chance(50)) written[0] = written[1] = "*";
      asked.definition.exclusions.push_back(calendar_of(written));
      asked.exclusions.emplace_back(joined(written, 0, 7), oracle::Cron::Days::all);
      asked.text += "less '" + joined(written, 0, 7) + "' ";
    }
    const bool once = dice_.chance(50);
    asked.definition.dst = once ? model::DaylightSaving::once : model::DaylightSaving::every;
    asked.text += once ? "once" : "every";
    return asked;
  }

  // The union, each instant once.
  static std::vector<Seconds> expected(const Asked& asked, const oracle::Stretch& stretch) {
    const bool once = asked.definition.dst == model::DaylightSaving::once;
    std::vector<Seconds> all;
    for (const oracle::Cron& part : asked.parts) {
      const std::vector<Seconds> times = part.times(stretch, once, asked.exclusions);
      all.insert(all.end(), times.begin(), times.end());
    }
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
  }

  Dice dice_{20260301};
};

TEST_F(OracleRandom, AgreesOnWhateverIsWritten) {
  const std::vector<std::string> names = zone_names();
  const int cases = full_oracle() ? 60'000 : 400;
  int due = 0;
  for (int i = 0; i < cases; ++i) {
    const auto zone =
        source_->find(names[static_cast<std::size_t>(dice_.pick(0, static_cast<int>(names.size()) - 1))]);
    if (!zone) continue;
    const bool dense = dice_.chance(50);
    const Asked asked = ask(dense);
    std::vector<model::Problem> problems;
    const auto times = compile_times(asked.definition, {"", (*zone)->name()}, zones_, problems);
    if (!times) {
      // A day that never comes, as in 31 February, is all that may be wrong.
      ASSERT_NE(problems.front().what.find("names no day that exists"), std::string::npos)
          << asked.text << ": " << problems.front().what;
      continue;
    }
    const auto at = (*zone)->next_transition(Seconds{seconds{dice_.pick(0, 2'000'000'000)}});
    const Seconds centre = at ? *at : Seconds{seconds{1'700'000'000}};
    const Seconds from = centre - seconds{dice_.pick(0, dense ? 20'000 : 100'000)};
    const oracle::Stretch stretch(**zone, from, from + hours{dense ? 6 : 72}, dense);
    const std::vector<Seconds> wanted = expected(asked, stretch);
    due += static_cast<int>(wanted.size());
    if (!agrees(times->timetable, wanted, stretch, asked.text)) return;
  }
  EXPECT_GT(due, cases);
}

}  // namespace
}  // namespace sundial::schedule
