// `sundial status`: is all well with the running agent?
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "agent/cli/agent_session.hpp"
#include "agent/cli/verbs.hpp"

namespace sundial::cli {
namespace {

std::string link(const Value& status, const std::string& name, std::string_view flag,
                 std::string_view place) {
  const bool up = text_at(status, name + "." + std::string(flag)) == "true";
  std::string text = up ? "connected" : "not connected";
  const std::string where = text_at(status, name + "." + std::string(place));
  const std::string problem = up ? std::string() : text_at(status, name + ".problem");
  if (!where.empty() && !problem.starts_with(where)) text += ", " + where;  // a problem may name its address
  if (!problem.empty()) text += ": " + problem;
  return text;
}

int print_status(Session& session, const Value& status) {
  if (!session.wants_text()) return session.show(status);
  const auto text = [&](const char* path) { return text_at(status, path); };
  std::ostream& out = session.world().out;
  const bool ready = text("ready") == "true";
  out << fmt::format("{} on {}: {}\n", text("version"), text("device"),
                     ready ? "ready" : "not ready, " + text("reason"));
  out << fmt::format("broker     {}\n", text("mqtt.configured") == "true"
                                            ? link(status, "mqtt", "connected", "broker")
                                            : "none configured");
  out << fmt::format("Temporal   {}\n", link(status, "temporal", "reachable", "address"));
  for (const auto& [path, name] :
       {std::pair("temporal.host_unverified", "Temporal"), std::pair("mqtt.host_unverified", "the broker")}) {
    if (text(path) == "true")
      out << session.alarming(
                 fmt::format("WARNING    the certificate of {} is not verified: verify_host = false", name))
          << '\n';
  }
  if (const Value* warnings = status.find("warnings"); warnings != nullptr && warnings->is<List>()) {
    for (const Value& warning : *warnings->get_if<List>()) {
      if (warning.text() != nullptr) out << session.alarming("WARNING    " + *warning.text()) << '\n';
    }
  }
  out << fmt::format("clock      {}, {}\n", text("clock.trusted") == "true" ? "trusted" : "not trusted yet",
                     text("clock.time_zone"));
  out << fmt::format("outbox     {} waiting ({} bytes, oldest {} s), {} dead\n", text("outbox.entries"),
                     text("outbox.bytes"), text("outbox.oldest_seconds"), text("outbox.dead"));
  out << fmt::format("store      {} bytes of {}, {} more in the journal\n", text("store.bytes"),
                     text("store.max_size"), text("store.journal_bytes"));
  out << fmt::format("written    {} bytes today", text("store.written_bytes_today"));
  if (!text("store.written_bytes_a_day").empty()) {
    out << fmt::format(", about {} a day", text("store.written_bytes_a_day"));
  }
  if (!text("store.disk_years").empty()) {
    out << fmt::format("; a cheap card would last {} years", text("store.disk_years"));
  }
  out << '\n';
  out << fmt::format("running    {} rules, {} schedules, up {} s\n", text("rules"), text("schedules"),
                     text("uptime_seconds"));
  return kExitDone;
}

}  // namespace

void add_status(CLI::App& app, World& world, Chosen& chosen) {
  CLI::App* verb = app.add_subcommand("status", "Show whether all is well with the running agent");
  auto options = std::make_shared<SessionOptions>();
  add_session_flags(*verb, *options);
  verb->callback([&world, &chosen, options] {
    chosen = [&world, options] {
      return with_session(world, *options, [](Session& session) {
        const std::optional<Value> status = session.call("GET", "/api/v1/status");
        return status ? print_status(session, *status) : session.exit_code();
      });
    };
  });
}

void add_reload(CLI::App& app, World& world, Chosen& chosen) {
  CLI::App* verb = app.add_subcommand("reload", "Let the running agent read its configuration again");
  auto options = std::make_shared<SessionOptions>();
  add_session_flags(*verb, *options);
  verb->callback([&world, &chosen, options] {
    chosen = [&world, options] {
      return with_session(world, *options, [](Session& session) {
        const std::optional<Value> answer = session.call("POST", "/api/v1/reload");
        if (!answer) return session.exit_code();
        const std::string changed = text_at(*answer, "changed");
        return session.done(*answer, changed == "[]" ? "nothing changed" : "changed: " + changed);
      });
    };
  });
}

}  // namespace sundial::cli
