// Every transition of every zone that tzdata knows, and a whole year, against the naive oracle.
#include <optional>
#include <set>
#include <tuple>

#include "tests/agent/core/schedule/oracle_rig.hpp"

namespace sundial::schedule {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr std::string_view kExpressions[] = {
    "* * * * *",  "*/15 * * * *", "0 * * * *",         "30 1 * * *",    "15 2 * * *",  "0 0 * * *",
    "30 0 * * *", "59 23 * * *",  "0 3 * * *",         "10,40 2 * * *", "0 */2 * * *", "*/20 0-2 * * *",
    "* 1 * * *",  "0 0 * * 0",    "30 2 L * *",        "0 2 15W * sat", "0 1 * * 0#1", "0 1 * mar,oct 7L",
    "5 4 1 * 1",  "0 12 29 2 *",  "45 0-23/5 */2 * *",
};

seconds offset_at(const TimeZone& zone, Seconds instant) {
  return zone.civil(instant).time_since_epoch() - instant.time_since_epoch();
}

// What a stretch of a zone looks like from within. Two that look alike, of an alias or of a zone with the
// same rules, need one comparison.
using Look = std::vector<std::pair<Seconds, seconds>>;

Look look_of(const TimeZone& zone, Seconds from, Seconds until) {
  Look look{{from, offset_at(zone, from)}};
  for (auto at = zone.next_transition(from); at && *at <= until; at = zone.next_transition(*at)) {
    look.emplace_back(*at, offset_at(zone, *at));
  }
  return look;
}

class Oracle : public OracleTest {
 protected:
  bool compare(const TimeZone& zone, Seconds from, Seconds until,
               const std::vector<std::string_view>& expressions) {
    const oracle::Stretch stretch(zone, from, until, false);
    for (const std::string_view cron : expressions) {
      const oracle::Cron reference(cron);
      for (const bool once : {true, false}) {
        const std::string what = std::string(cron) + (once ? " once" : " every");
        if (!agrees(compiled(cron, zone.name(), once), reference.times(stretch, once), stretch, what))
          return false;
      }
    }
    return true;
  }

  // In turn, so that the sampled transitions together see them all.
  static std::vector<std::string_view> some_of_the_expressions(std::size_t turn) {
    return {kExpressions[turn % std::size(kExpressions)]};
  }
  static std::vector<std::string_view> all_expressions() {
    return {std::begin(kExpressions), std::end(kExpressions)};
  }
};

// Shape: by how much the wall clock jumps, and in which quarter of the day. One of each shape meets all
// expressions; of the others every transition in full mode, else one in so many and one expression.
TEST_F(Oracle, AgreesRoundEveryTransition) {
  constexpr std::size_t kOneIn = 16;
  const Seconds first = std::chrono::sys_days{std::chrono::year{1970} / 1 / 1};
  const Seconds last = std::chrono::sys_days{std::chrono::year{2100} / 1 / 1};
  std::set<std::tuple<std::int64_t, std::int64_t>> shapes;
  std::set<Look> looks;
  std::size_t met = 0;
  std::size_t compared = 0;
  for (const std::string& name : zone_names()) {
    const auto found = source_->find(name);
    if (!found) continue;
    const TimeZone& zone = **found;
    for (auto at = zone.next_transition(first); at && *at < last; at = zone.next_transition(*at)) {
      const seconds before = offset_at(zone, *at - seconds{1});
      const seconds after = offset_at(zone, *at);
      if (before == after) continue;
      if (!looks.insert(look_of(zone, *at - hours{24 + 30}, *at + hours{24})).second) continue;
      const auto day = std::chrono::floor<std::chrono::days>(*at + before);
      const bool new_shape =
          shapes.insert({(after - before).count(), (*at + before - day) / hours{6}}).second;
      ++met;
      if (!new_shape && !full_oracle() && met % kOneIn != 0) continue;
      const auto expressions =
          new_shape || full_oracle() ? all_expressions() : some_of_the_expressions(met / kOneIn);
      if (!compare(zone, *at - hours{24}, *at + hours{24}, expressions)) return;
      ++compared;
    }
  }
  EXPECT_GT(met, 5000U);
  EXPECT_GT(compared, 300U);
  RecordProperty("transitions", static_cast<int>(met));
  RecordProperty("compared", static_cast<int>(compared));
}

TEST_F(Oracle, AgreesOverAWholeYear) {
  const Seconds first = std::chrono::sys_days{std::chrono::year{2024} / 1 / 1};
  const Seconds end = first + hours{24 * 366};
  std::set<Look> looks;
  std::size_t turn = 0;
  for (const std::string& name : zone_names()) {
    const auto zone = source_->find(name);
    if (!zone || !looks.insert(look_of(**zone, first - hours{30}, end)).second) continue;
    if (full_oracle()) {
      if (!compare(**zone, first, end, all_expressions())) return;
    } else if (++turn % 4 == 0) {
      if (!compare(**zone, first, end, some_of_the_expressions(turn / 4))) return;
    }
  }
  EXPECT_GT(looks.size(), 50U);
}

}  // namespace
}  // namespace sundial::schedule
