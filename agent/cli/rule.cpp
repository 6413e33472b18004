// `sundial rule`: the rules of the running agent and the state of their keys.
#include <CLI/CLI.hpp>
#include <memory>

#include "agent/cli/session_action.hpp"
#include "agent/cli/verbs.hpp"
#include "platform/base/text.hpp"

namespace sundial::cli {
namespace {

struct RuleOptions {
  SessionOptions session;
  std::string id;
  std::string key;
  std::size_t limit = 100;
  bool has_key = false;
};

std::string path_of(const std::string& id) {
  return "/api/v1/rules/" + percent_encode(id);
}

std::string source_of(const Value& rule) {
  const std::string webhook = text_at(rule, "webhook");
  return webhook.empty() ? text_at(rule, "topic") : "webhook " + webhook;
}

int list_rules(Session& session, const RuleOptions&) {
  const std::optional<List> rules = session.items("/api/v1/rules", 10'000);
  if (!rules) return session.exit_code();
  return session.show(*rules, {column("RULE", "id"),
                               {"SOURCE", source_of},
                               column("WHEN", "when"),
                               column("MATCHED", "counters.matched"),
                               column("FIRED", "counters.fired"),
                               column("KEYS", "counters.keys")});
}

int show_rule(Session& session, const RuleOptions& options) {
  const std::optional<Value> rule = session.call("GET", path_of(options.id));
  return rule ? session.show(*rule) : session.exit_code();
}

int list_keys(Session& session, const RuleOptions& options) {
  const std::optional<List> keys = session.items(path_of(options.id) + "/keys", options.limit);
  if (!keys) return session.exit_code();
  return session.show(
      *keys, {column("KEY", "key"), time_column(session.world(), "LAST FIRED", "fired"),
              time_column(session.world(), "TIMER", "due"), column("QUIET", "quiet"),
              column("HOLDING", "holding"), column("SILENT", "silent"), column("WINDOW", "window.messages")});
}

int reset_rule(Session& session, const RuleOptions& options) {
  const std::string keys = path_of(options.id) + "/keys";
  const std::optional<Value> answer =
      session.call("DELETE", options.has_key ? keys + "/" + percent_encode(options.key) : keys);
  return answer ? session.done(*answer, options.has_key ? "forgot the state of the key"
                                                        : "forgot the state of all keys")
                : session.exit_code();
}

}  // namespace

void add_rule(CLI::App& app, World& world, Chosen& chosen) {
  CLI::App* verb = app.add_subcommand("rule", "Show rules and the state of their keys");
  verb->require_subcommand(1);
  auto options = std::make_shared<RuleOptions>();
  add_action(*verb, world, chosen, "list", "All rules", options, list_rules);
  add_action(*verb, world, chosen, "show", "One rule", options, show_rule)
      ->add_option("id", options->id)
      ->required();
  CLI::App* keys =
      add_action(*verb, world, chosen, "keys", "A rule's keys and their state", options, list_keys);
  keys->add_option("id", options->id)->required();
  keys->add_option("--limit", options->limit, "How many; default 100")->check(CLI::Range(1, 100'000));
  CLI::App* reset =
      add_action(*verb, world, chosen, "reset", "Forget the state of a rule's keys", options, reset_rule);
  reset->add_option("id", options->id)->required();
  CLI::Option* key = reset->add_option("--key", options->key, "Only this key's");
  reset->parse_complete_callback([options, key] { options->has_key = key->count() > 0; });
}

}  // namespace sundial::cli
