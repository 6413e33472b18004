// Whether any rule may keep a message: asked before it costs a write, on any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/expression/expression.hpp"
#include "agent/core/model/input.hpp"
#include "agent/core/model/rule.hpp"
#include "agent/core/rules/filter_index.hpp"

namespace sundial::rules {

struct CompiledRule;

// A message as it is offered by the broker.
struct Offer {
  std::string_view topic;
  std::string_view payload;
  int qos = 0;
  bool retained = false;
  bool duplicate = false;
  const model::MessageProperties* properties = nullptr;
  Instant now{};
};

// Decides by what never changes, and counts what it turned away. Says no only where every rule that hears the
// topic would drop the message without a trace in its state: the part of `when` that needs no state does not
// hold, and the rule has nothing to learn from that.
class Prefilter {
 public:
  Prefilter(const std::vector<const CompiledRule*>& rules, std::string_view device,
            std::string_view time_zone);

  bool wants(const Offer& offer) const;

  // What was turned away of a rule's messages, on how many of them `when` failed, and how many were live
  // ones of a rule that takes only retained ones.
  struct Rejected {
    std::uint64_t messages = 0;
    std::uint64_t failed = 0;
    std::uint64_t live = 0;
  };
  Rejected rejected(std::size_t rule) const;

 private:
  struct Counter {
    std::atomic<std::uint64_t> messages{0};
    std::atomic<std::uint64_t> failed{0};
    std::atomic<std::uint64_t> live{0};
    std::atomic<bool> told{false};  // that `when` failed on a message
  };
  struct Interest {
    std::optional<expression::Expression> when;       // not set: everything is kept
    std::optional<std::vector<std::string>> members;  // of the payload, that `when` looks at; not set: all
    model::Decode decode = model::Decode::automatic;
    std::vector<std::string> names;
    std::vector<std::vector<std::size_t>> name_levels;
    bool drops_live = false;
  };

  enum class Verdict : std::uint8_t { kept, rejected, failed, live };

  Verdict judge(const FilterIndex::Entry& entry, const Offer& offer,
                const std::vector<std::string_view>& levels) const;
  expression::Outcome test(const Interest& interest, std::uint32_t filter, const Offer& offer,
                           const Value& payload, const std::vector<std::string_view>& levels) const;

  const std::string device_name_;
  const std::string device_zone_;
  FilterIndex index_;
  std::vector<Interest> interests_;
  std::unique_ptr<Counter[]> counters_;
};

}  // namespace sundial::rules
