// What the engine was last told of the world: to be told again to an engine that takes over.
#pragma once

#include <string>
#include <string_view>

#include "agent/core/engine/engine.hpp"

namespace sundial::runtime {

struct Known {
  bool clock_trusted = false;
  bool temporal_up = true;
  bool away = false;
  bool full = false;

  void learn(const model::Input& input) {
    if (const auto* trust = std::get_if<model::ClockTrust>(&input)) clock_trusted = trust->trusted;
    if (const auto* link = std::get_if<model::TemporalLink>(&input)) temporal_up = link->up;
    if (const auto* absence = std::get_if<model::Absence>(&input)) away = absence->away;
    if (const auto* store = std::get_if<model::StoreFull>(&input)) full = store->full;
  }

  // Right after the engine's `begin`.
  void tell(engine::Engine& engine, Moment at, model::Effects& effects) const {
    engine.take(model::ClockTrust{clock_trusted}, at, effects);
    if (!temporal_up) engine.take(model::TemporalLink{false}, at, effects);
    if (away) engine.take(model::Absence{true}, at, effects);
    if (full) engine.take(model::StoreFull{true}, at, effects);
  }

  std::string write() const {
    std::string text;
    if (clock_trusted) text += 't';
    if (!temporal_up) text += 'd';
    if (away) text += 'a';
    if (full) text += 'f';
    return text;
  }
  static Known read(std::string_view text) {
    const auto has = [text](char letter) { return text.find(letter) != std::string_view::npos; };
    return {has('t'), !has('d'), has('a'), has('f')};
  }
};

}  // namespace sundial::runtime
