// One table line for each pair of keys that don't go together.
#include "agent/core/rules/combinations.hpp"

#include <fmt/format.h>

namespace sundial::rules {
namespace {

using model::Node;
using model::Problem;
using model::RuleDefinition;

struct Refusal {
  const char* key;
  const char* with;
  const char* why;
};

constexpr Refusal kInRule[] = {
    {"hold", "silent_for", "goes with unique, when, key, cooldown and back only; make two rules"},
    {"clear_when", "silent_for", "goes with unique, when, key, cooldown and back only; make two rules"},
    {"change", "silent_for", "goes with unique, when, key, cooldown and back only; make two rules"},
    {"window", "silent_for", "goes with unique, when, key, cooldown and back only; make two rules"},
    {"collect", "silent_for", "goes with unique, when, key, cooldown and back only; make two rules"},
    {"having", "silent_for", "goes with unique, when, key, cooldown and back only; make two rules"},
    {"hold", "window", "is for single messages; let the window be longer, or slide with `over`"},
    {"topic", "webhook", "is the other source; make two rules"},
};

constexpr Refusal kInWindow[] = {
    {"count", "every", "closes by the clock; give one of the two"},
    {"timeout", "every", "closes by the clock; give one of the two"},
    {"count", "session", "closes by silence; give one of the two"},
    {"timeout", "session", "closes by silence; give one of the two"},
    {"close_when", "over", "slides, and nothing closes it early; leave one of the two out"},
    {"close_when", "time",
     "goes by the messages' own time, and nothing closes it early; leave one of the two out"},
    {"every", "session", "closes by silence; give one of the two"},
};

struct Needs {
  const char* key;
  const char* first;
  const char* second;  // or null
  const char* what;
};

constexpr Needs kRuleNeeds[] = {
    {"collect", "window", nullptr, "collects over a window; add `window`"},
    {"having", "window", nullptr, "judges a window that closed; add `window`, or write `when`"},
    {"back", "silent_for", nullptr, "is for a key that was silent; add `silent_for`"},
};

constexpr Needs kWindowNeeds[] = {
    {"over", "every", nullptr, "is a multiple of `every`; add it"},
    {"time", "every", "session", "needs a period or a gap; add `every` or `session`"},
    {"lateness", "time", nullptr, "is about the messages' own time; add `time`"},
    {"ahead", "time", nullptr, "is about the messages' own time; add `time`"},
};

// The place of a key, which stands in the file also where its value was read as wrong.
model::Position place_of(const Node& table, std::string_view key) {
  if (const auto* entries = std::get_if<model::Table>(&table.data)) {
    for (const model::Entry& entry : *entries) {
      if (entry.key == key) return entry.key_at.line > 0 ? entry.key_at : entry.value.at;
    }
  }
  return table.at;
}

void check(const Node& table, const std::string& where, const char* prefix, const auto& refusals,
           const auto& needs, std::vector<Problem>& problems) {
  for (const Refusal& refusal : refusals) {
    if (table.find(refusal.key) == nullptr || table.find(refusal.with) == nullptr) continue;
    problems.push_back({place_of(table, refusal.key), fmt::format("{} {}{}", where, prefix, refusal.key),
                        fmt::format("does not go with `{}`, which {}", refusal.with, refusal.why)});
  }
  for (const Needs& need : needs) {
    if (table.find(need.key) == nullptr || table.find(need.first) != nullptr) continue;
    if (need.second != nullptr && table.find(need.second) != nullptr) continue;
    problems.push_back(
        {place_of(table, need.key), fmt::format("{} {}{}", where, prefix, need.key), need.what});
  }
}

void check_window(const RuleDefinition& rule, const std::string& where, std::vector<Problem>& problems) {
  const model::WindowDefinition& window = *rule.window;
  check(window.source, where, "window.", kInWindow, kWindowNeeds, problems);
  bool closes = false;
  for (const char* key : {"count", "timeout", "close_when", "every", "session"}) {
    closes = closes || window.source.find(key) != nullptr;
  }
  if (!closes) {
    problems.push_back({place_of(*rule.source, "window"), where + " window",
                        "nothing closes this window; give it count, timeout, close_when, every or session"});
  }
}

void check_hearing(const RuleDefinition& rule, const std::string& where, std::vector<Problem>& problems) {
  const Node* topic = rule.source->find("topic");
  const auto* filters = topic == nullptr ? nullptr : std::get_if<model::Array>(&topic->data);
  if (filters != nullptr && filters->empty()) {
    problems.push_back({topic->at, where + " topic", "an empty list hears nothing; name a topic"});
  } else if (topic == nullptr && rule.source->find("webhook") == nullptr) {
    problems.push_back({rule.at, where, "hears nothing; give it a `topic` or a `webhook`"});
  }
  if (rule.webhook && (rule.webhook->text.empty() || rule.webhook->text.find('/') != std::string::npos)) {
    problems.push_back({rule.webhook->at, where + " webhook",
                        "no call of POST /webhook/NAME can have this name; it is one level of a path"});
  }
  if (rule.silent_for && rule.retained == model::Retained::only) {
    problems.push_back({place_of(*rule.source, "retained"), where + " retained",
                        "a retained message is not hearing, so that `silent_for` would hear nothing; leave "
                        "`retained` out"});
  }
}

}  // namespace

void check_combinations(const RuleDefinition& rule, std::vector<Problem>& problems) {
  const std::string where = fmt::format("[rule.{}]", rule.id);
  check(*rule.source, where, "", kInRule, kRuleNeeds, problems);
  if (rule.window) check_window(rule, where, problems);
  check_hearing(rule, where, problems);
  if (rule.actions.empty() && rule.back.empty()) {
    problems.push_back({rule.at, where, "does nothing; give it an action, such as `start` or `publish`"});
  }
}

}  // namespace sundial::rules
