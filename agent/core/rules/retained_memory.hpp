// What a rule heard last on each topic, to know a retained message that says nothing new.
#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "agent/core/model/effects.hpp"
#include "agent/core/rules/fingerprint.hpp"

namespace sundial::rules {

// Bounded: the topic that was heard longest ago leaves first. Topics and payloads are kept as
// fingerprints.
class RetainedMemory {
 public:
  bool is_known(std::string_view topic, std::string_view payload) const;
  void heard(std::string_view topic, std::string_view payload, std::uint64_t most);

  // Rows of the store: their keys begin with kPrefix.
  static constexpr char kPrefix = 't';
  void restore(std::string_view bytes);
  void begin();
  void collect(const std::string& owner, std::vector<model::StateChange>& changes);
  void everything(const std::string& owner, std::vector<model::StateChange>& changes) const;
  void clear();

 private:
  struct Topic {
    Fingerprint topic;
    std::uint64_t payload = 0;
    std::uint64_t order = 0;
    bool dirty = false;
  };
  struct Hash {
    std::size_t operator()(const Fingerprint& mark) const { return static_cast<std::size_t>(mark.low); }
  };

  static model::StateChange row(const std::string& owner, const Topic& topic, bool gone);

  std::list<Topic> topics_;  // the one heard last first
  std::unordered_map<Fingerprint, std::list<Topic>::iterator, Hash> places_;
  std::uint64_t order_ = 0;
  std::vector<Topic> gone_;
};

}  // namespace sundial::rules
