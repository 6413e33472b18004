// Temporal's own environment names and profiles, laid over the file's settings.
#pragma once

#include <string>
#include <vector>

#include "agent/config/environment.hpp"
#include "agent/config/files.hpp"
#include "agent/core/model/settings.hpp"

namespace sundial::config {

// What the file said about addresses, with its place.
struct WrittenAddresses {
  bool written = false;  // false: the default
  model::Position at;
};

// TEMPORAL_* before a profile before the file. At the end every address is an http:// or https:// one.
void apply_temporal_environment(const Environment& environment, const Files& files,
                                const WrittenAddresses& written, model::TemporalSettings& into,
                                std::vector<model::Problem>& problems, std::vector<std::string>& notes);

}  // namespace sundial::config
