// The names of actions and origins.
#include "agent/core/model/action.hpp"

#include <array>

namespace sundial::model {
namespace {

struct NamedKind {
  ActionKind kind;
  std::string_view name;
};
constexpr std::array<NamedKind, 9> kKinds{{{ActionKind::start, "start"},
                                           {ActionKind::signal, "signal"},
                                           {ActionKind::signal_with_start, "signal_with_start"},
                                           {ActionKind::cancel, "cancel"},
                                           {ActionKind::terminate, "terminate"},
                                           {ActionKind::complete, "complete"},
                                           {ActionKind::fail, "fail"},
                                           {ActionKind::heartbeat, "heartbeat"},
                                           {ActionKind::publish, "publish"}}};

}  // namespace

std::string_view name_of(ActionKind kind) {
  return kKinds[static_cast<std::size_t>(kind)].name;
}

std::optional<ActionKind> action_kind(std::string_view name) {
  for (const NamedKind& known : kKinds) {
    if (known.name == name) return known.kind;
  }
  return std::nullopt;
}

std::string_view name_of(OriginKind kind) {
  switch (kind) {
    case OriginKind::rule:
      return "rule";
    case OriginKind::schedule:
      return "schedule";
    case OriginKind::http:
      return "http";
    case OriginKind::command_line:
      return "cli";
  }
  return "rule";
}

bool is_traceparent(std::string_view text) {
  constexpr std::string_view kForm = "hh-hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh-hhhhhhhhhhhhhhhh-hh";
  if (text.size() != kForm.size() || text.starts_with("ff")) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool digit = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');
    if (kForm[i] == 'h' ? !digit : text[i] != '-') return false;
  }
  const auto zeros = [](std::string_view id) { return id.find_first_not_of('0') == std::string_view::npos; };
  return !zeros(trace_id_of(text)) && !zeros(text.substr(36, 16));
}

std::string_view trace_id_of(std::string_view traceparent) {
  return traceparent.size() < 35 ? std::string_view() : traceparent.substr(3, 32);
}

}  // namespace sundial::model
