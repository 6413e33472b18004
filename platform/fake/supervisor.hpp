// A supervisor that remembers what it was told.
#pragma once

#include <string>
#include <vector>

#include "platform/supervisor.hpp"

namespace sundial {

class FakeSupervisor final : public Supervisor {
 public:
  void ready() override { said.emplace_back("ready"); }
  void reloading() override { said.emplace_back("reloading"); }
  void stopping() override { said.emplace_back("stopping"); }
  void status(std::string_view line) override { last_status = line; }
  void alive() override { ++heartbeats; }
  std::optional<Millis> patience() const override { return waits; }

  std::vector<std::string> said;
  std::string last_status;
  int heartbeats = 0;
  std::optional<Millis> waits;
};

}  // namespace sundial
