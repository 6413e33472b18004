// What a rule heard last on each topic, to know a retained message that says nothing new.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/model/effects.hpp"
#include "agent/core/rules/fingerprint.hpp"
#include "agent/core/rules/open_table.hpp"

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
  using Place = std::uint32_t;  // in `topics_`, counted from one; 0: none
  struct Topic {
    Fingerprint topic;
    std::uint64_t payload = 0;
    std::uint64_t order = 0;
    Place newer = 0;
    Place older = 0;
  };

  Topic& at(Place place) { return topics_[place - 1]; }
  const Topic& at(Place place) const { return topics_[place - 1]; }
  auto hash_of() const {
    return [this](Place place) { return static_cast<std::size_t>(at(place).topic.low); };
  }
  Place find(const Fingerprint& topic) const;
  void link_newest(Place place);
  void unlink(Place place);
  static model::StateChange row(const std::string& owner, const Topic& topic);
  static std::string row_key(const Fingerprint& topic);

  std::deque<Topic> topics_;
  OpenTable<Place> table_;
  Place newest_ = 0;
  Place oldest_ = 0;
  std::uint64_t order_ = 0;
  std::uint64_t collected_ = 0;  // what was heard after this has changed since
  std::vector<Fingerprint> gone_;
};

}  // namespace sundial::rules
