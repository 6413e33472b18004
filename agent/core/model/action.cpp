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

}  // namespace sundial::model
