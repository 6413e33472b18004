// A crash at any point, with everything since the last commit lost and the inputs taken again, decides
// the same as no crash: random rules of all features, random messages, random crashes.
#include <map>
#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "platform/json/json.hpp"
#include "tests/agent/core/engine/desk.hpp"

namespace sundial::engine {
namespace {

// A rule put together from features that go with each other; the seed decides which.
class RuleMaker {
 public:
  RuleMaker(unsigned seed, std::string id) : random_(seed), text_("[rule." + std::move(id) + "]\n") {}

  std::string make() {
    text_ += "topic = \"t/{id}\"\n";
    if (one_in(4)) text_ += "key = \"{payload.g}\"\n";
    if (one_in(3)) text_ += fmt::format("max_keys = {}\n", 1 + below(5));
    if (one_in(5)) text_ += "retained = \"ignore\"\n";
    if (one_in(4)) text_ += one_in(2) ? "unique = \"payload.v\"\n" : "unique = \"[payload.ts, payload.g]\"\n";
    if (one_in(2))
      text_ += pick({"when = \"payload.v > 5\"\n", "when = \"payload.v % 3 != 0\"\n",
                     "when = \"state.count % 4 != 1\"\n",
                     "when = \"!has(state.previous) || state.previous.v != payload.v\"\n",
                     "when = \"!has(state.fired) || now - state.fired.time > duration('2s')\"\n"});
    switch (below(8)) {
      case 0:
        silence();
        break;
      case 1:
        judge("payload.v");
        act("");
        break;
      case 2:
        text_ += fmt::format("hold = \"{}ms\"\n", 500 + below(8000));
        judge("payload.v");
        act("");
        break;
      default:
        window();
    }
    return text_;
  }

 private:
  unsigned below(unsigned end) { return static_cast<unsigned>(random_() % end); }
  bool one_in(unsigned many) { return below(many) == 0; }
  std::string pick(std::initializer_list<const char*> all) {
    return *(all.begin() + below(static_cast<unsigned>(all.size())));
  }

  void silence() {
    text_ += fmt::format("silent_for = \"{}s\"\n", 2 + below(9));
    if (one_in(2)) text_ += "back = { start = { workflow = \"B\", args = [\"{payload.v}\", \"{now}\"] } }\n";
    if (one_in(3)) text_ += "cooldown = \"12s\"\n";
    act("");
  }

  void judge(const std::string& of) {
    if (one_in(3)) text_ += fmt::format("clear_when = \"{} < {}\"\n", of, 3 + below(8));
    if (one_in(3))
      text_ += fmt::format("change = {{ of = \"{}\"{} }}\n", of, pick({"", ", by = 2", ", by = \"30%\""}));
    if (one_in(3)) text_ += fmt::format("cooldown = \"{}s\"\n", 1 + below(20));
  }

  void window() {
    const bool limited = one_in(4);
    const std::string limit = limited ? fmt::format(", max_items = {}", 1 + below(4)) : "";
    const std::string by_time = fmt::format(", time = \"payload.ts\", lateness = \"{}s\"", below(6));
    std::string keys;
    switch (below(7)) {
      case 0:
        keys = fmt::format("count = {}", 1 + below(5));
        break;
      case 1:
        keys = fmt::format("count = {}, timeout = \"{}s\", close_when = \"payload.v == 3\"", 2 + below(5),
                           1 + below(15));
        break;
      case 2:
        keys = fmt::format("every = \"{}s\"{}", 2 + below(9),
                           pick({"", ", close_when = \"window.count == 3\""}));
        break;
      case 3:
        keys = fmt::format("every = \"4s\", over = \"{}s\"", 4 * (1 + below(4)));
        break;
      case 4:
        keys = fmt::format("session = \"{}s\"", 1 + below(8));
        break;
      case 5:
        keys = fmt::format("every = \"3s\", over = \"{}s\"", 3 * (1 + below(3))) + by_time;
        break;
      default:
        keys = fmt::format("session = \"{}s\"", 1 + below(5)) + by_time;
    }
    text_ += "window = { " + keys + limit + " }\n";
    text_ += "collect = { n = \"count(payload.v > 7)\", s = \"sum(payload.v)\", x = \"" +
             pick({"list(payload.v)", "distinct(payload.v)", "p95(payload.v * 1.5)", "stddev(payload.v)",
                   "max(payload.v) - min(payload.v)", "[first(payload.v), last(payload.v)]",
                   "rate(payload.v) + avg(payload.v)"}) +
             "\" }\n";
    if (one_in(3)) text_ += fmt::format("having = \"window.s > {}\"\n", below(30));
    judge(one_in(2) ? "window.s" : one_in(2) ? "window.count" : "window.n");
    act(", \"{window.n}\", \"{window.s}\", \"{window.x}\", \"{window.start}\", \"{window.end}\", "
        "\"{window.truncated}\"");
  }

  void act(const std::string& more) {
    const std::string of_state =
        one_in(3) ? ", \"{state.count}\", \"{has(state.fired) ? state.fired.payload.v : -1}\"" : "";
    text_ += one_in(2) ? "start = { workflow = \"W\", " : "signal = { id = \"w\", name = \"n\", ";
    text_ += "args = [\"{payload.v}\", \"{message.id}\", \"{topic.id}\"" + more + of_state + "] }\n";
  }

  std::mt19937 random_;
  std::string text_;
};

std::string clock_text(int millis) {
  char text[32];
  std::snprintf(text, sizeof text, "12:%02d:%02d.%03d", millis / 60'000, millis / 1000 % 60, millis % 1000);
  return text;
}

struct Story {
  std::vector<std::string> records;
  std::string state;
  std::map<std::string, int> ledger;
};

// The same seed tells the same story; `crashes` seeds when it is committed and when it crashes.
Story tell(unsigned seed, const std::string& rules, std::optional<unsigned> crashes) {
  std::mt19937 random(seed);
  std::mt19937 fate(crashes.value_or(0));
  Desk desk(rules);
  int now = 600'000;
  bool away = false;
  for (int i = 0; i < 70; ++i) {
    now += static_cast<int>(random() % 4 == 0 ? random() % 8000 : random() % 600);
    const std::string time = clock_text(now);
    const unsigned long what = random() % 40;
    const int stamp = now / 1000 - static_cast<int>(random() % 9);
    if (what == 0) {
      desk.away(time, away = !away);
    } else if (what == 1) {
      desk.until(time);
    } else if (what == 2) {
      now += static_cast<int>(random() % 20'000) - 10'000;
      desk.until(time).step_clock(clock_text(now));
    } else if (what == 3 && random() % 4 == 0) {
      desk.reset("a", "b");
    } else {
      model::Message like;
      like.retained = what < 8;
      like.id = "m" + std::to_string(i);
      const std::string payload = fmt::format(R"({{"v":{},"ts":{},"g":"{}"}})", random() % 17,
                                              1'773'144'000 + stamp, static_cast<char>('a' + random() % 3));
      desk.hear(time, "t/" + std::string(1, static_cast<char>('a' + random() % 5)), payload, like);
    }
    if (!crashes) continue;
    if (fate() % 7 == 0) desk.commit();
    if (fate() % 11 == 0) desk.crash();
  }
  if (away) desk.away(clock_text(now), false);
  desk.finish();
  Story story;
  story.records = desk.records();
  for (const char* rule : {"a", "b"})
    story.state += json::write(desk.engine().describe_keys(rule, 100)) + "\n";
  story.ledger = desk.ledger();
  return story;
}

TEST(Split, AnyCrashDecidesTheSame) {
  std::map<std::string, int> ledger;
  std::size_t records = 0;
  for (unsigned seed = 1; seed <= 200; ++seed) {
    const std::string rules = RuleMaker(seed, "a").make() + RuleMaker(seed + 10'000, "b").make();
    const Story whole = tell(seed, rules, std::nullopt);
    const Story split = tell(seed, rules, seed);
    for (std::size_t i = 0; i < std::max(whole.records.size(), split.records.size()); ++i) {
      ASSERT_EQ(i < split.records.size() ? split.records[i] : "nothing",
                i < whole.records.size() ? whole.records[i] : "nothing")
          << "seed " << seed << "\n"
          << rules;
    }
    ASSERT_EQ(split.state, whole.state) << "seed " << seed << "\n" << rules;
    records += whole.records.size();
    for (const auto& [what, count] : whole.ledger) ledger[what] += count;
  }
  // The stories are worth telling: everything that can happen did.
  EXPECT_GT(records, 3'000U);
  for (const char* reason :
       {"unique", "having", "clear_when", "hold", "change", "cooldown", "retained", "late"})
    EXPECT_GT(ledger[std::string("suppressed/") + reason], 50) << reason;
  EXPECT_GT(ledger["evicted/max_keys"], 50);
  EXPECT_GT(ledger["fired/back"], 50);
}

}  // namespace
}  // namespace sundial::engine
