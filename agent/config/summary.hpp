// What a configuration connects to, for people: with every secret masked.
#pragma once

#include <string>
#include <vector>

#include "agent/config/load.hpp"
#include "platform/base/value.hpp"

namespace sundial::config {

// One line of the summary: a table and a key of the configuration, or what comes of them.
struct Fact {
  std::string table;
  std::string key;
  Value value;
  bool alarming = false;  // shown red: someone switched a protection off
};

// Address, namespace, task queue, authentication, broker and the rest, in the order of the reference.
std::vector<Fact> summary_of(const Loaded& loaded, const Files& files);

// Aligned lines; one JSON object by table.
std::string summary_text(const std::vector<Fact>& facts, bool colour = false);
Value summary_value(const std::vector<Fact>& facts);

// The first eight characters of a key, which tell keys apart and open nothing.
std::string masked(const std::string& secret);

}  // namespace sundial::config
