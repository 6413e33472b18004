// A crash at any point, with everything since the last commit lost and the inputs taken again, decides
// the same as no crash.
#include <random>

#include <gtest/gtest.h>

#include "tests/agent/core/engine/desk.hpp"

namespace sundial::engine {
namespace {

// One rule of each kind of state.
constexpr const char* kRules = R"toml(
[rule.unique]
topic = "t/{id}"
unique = "payload.v"
max_keys = 5
signal = { id = "w", name = "n", args = ["{message.id}"] }
[rule.clear]
topic = "t/{id}"
when = "payload.v > 12"
clear_when = "payload.v < 5"
cooldown = "20s"
start = { workflow = "W", args = ["{payload.v}"] }
[rule.hold]
topic = "t/{id}"
when = "payload.v > 6"
hold = "7s"
change = { of = "payload.v", by = 2 }
start = { workflow = "W", args = ["{payload.v}", "{message.id}"] }
[rule.state]
topic = "t/{id}"
when = "state.count % 3 == 2"
max_keys = 4
signal = { id = "w", name = "n", args = ["{state.count}", "{state.previous.v}", "{has(state.fired) ? state.fired.payload.v : -1}"] }
[rule.silent]
topic = "t/{id}"
silent_for = "9s"
signal = { id = "w", name = "lost", args = ["{payload.v}"] }
back = { signal = { id = "w", name = "found", args = ["{now}"] } }
[rule.batch]
topic = "t/{id}"
window = { count = 4, timeout = "15s", close_when = "payload.v == 3" }
collect = { l = "list(payload.v)", m = "avg(payload.v)", p = "p95(payload.v)", d = "distinct(payload.v)", x = "max(payload.v) - min(payload.v)" }
max_keys = 3
start = { workflow = "W", args = ["{window.l}", "{window.m}", "{window.p}", "{window.d}", "{window.x}", "{window.start}"] }
[rule.sliding]
topic = "t/{id}"
window = { every = "5s", over = "15s" }
collect = { n = "count()", f = "first(payload.v)", z = "last(payload.v)", s = "sum(payload.v)" }
having = "window.s > 20"
change = { of = "window.s" }
signal = { id = "w", name = "n", args = ["{window.n}", "{window.f}", "{window.z}", "{window.s}", "{message.id}"] }
[rule.session]
topic = "t/{id}"
window = { session = "6s" }
collect = { d = "stddev(payload.v)" }
signal = { id = "w", name = "n", args = ["{window.count}", "{window.d}", "{window.end}"] }
[rule.event]
topic = "t/{id}"
window = { every = "4s", over = "8s", time = "payload.ts", lateness = "2s" }
collect = { l = "list(payload.v)" }
signal = { id = "w", name = "n", args = ["{window.l}", "{window.start}"] }
[rule.eventsession]
topic = "t/{id}"
window = { session = "3s", time = "payload.ts", lateness = "4s" }
collect = { l = "list(payload.v)" }
start = { workflow = "W", args = ["{window.l}", "{window.start}", "{window.end}"] }
[rule.retained]
topic = "t/{id}"
key = "all"
max_keys = 3
signal = { id = "w", name = "n", args = ["{message.id}", "{message.retained}"] }
)toml";

std::string clock_text(int millis) {
  char text[32];
  std::snprintf(text, sizeof text, "12:%02d:%02d.%03d", millis / 60'000, millis / 1000 % 60, millis % 1000);
  return text;
}

struct Story {
  std::vector<std::string> told;
  std::vector<std::string> records;
};

// The same seed tells the same story; `crashes` seeds when it is committed and when it crashes.
Story tell(unsigned seed, std::optional<unsigned> crashes) {
  std::mt19937 random(seed);
  std::mt19937 fate(crashes.value_or(0));
  Desk desk(kRules);
  Story story;
  int now = 0;
  bool away = false;
  for (int i = 0; i < 200; ++i) {
    now += static_cast<int>(random() % 3 == 0 ? random() % 9000 : random() % 700);
    const std::string time = clock_text(now);
    const unsigned long what = random() % 40;
    const int stamp = now / 1000 - static_cast<int>(random() % 9);
    if (what == 0) {
      desk.away(time, away = !away);
    } else if (what == 1) {
      desk.until(time);
    } else {
      model::Message like;
      like.retained = what < 6;
      like.id = "m" + std::to_string(i);
      const std::string payload = "{\"v\":" + std::to_string(random() % 17) +
                                  ",\"ts\":" + std::to_string(1'773'144'000 + stamp) + "}";
      desk.hear(time, "t/" + std::string(1, static_cast<char>('a' + random() % 6)), payload, like);
    }
    if (!crashes) continue;
    if (fate() % 7 == 0) desk.commit();
    if (fate() % 11 == 0) desk.crash();
  }
  if (away) desk.away(clock_text(now), false);
  desk.finish();
  story.records = desk.records();
  return story;
}

TEST(Split, AnyCrashDecidesTheSame) {
  for (unsigned seed = 1; seed <= 4; ++seed) {
    const Story whole = tell(seed, std::nullopt);
    ASSERT_GT(whole.records.size(), 200U);
    for (unsigned crashes = 1; crashes <= 2; ++crashes) {
      const Story split = tell(seed, crashes);
      for (std::size_t i = 0; i < std::max(whole.records.size(), split.records.size()); ++i) {
        ASSERT_EQ(i < split.records.size() ? split.records[i] : "nothing",
                  i < whole.records.size() ? whole.records[i] : "nothing")
            << "seed " << seed << ", crashes " << crashes;
      }
    }
  }
}

}  // namespace
}  // namespace sundial::engine
