// Keeps the number from which on lines are in doubt, and what steps of the clock do to them.
#include "agent/runtime/ledger_doubt.hpp"

#include <charconv>
#include <string>
#include <utility>
#include <variant>

namespace sundial::runtime {

LedgerDoubt::LedgerDoubt(std::uint64_t newest, std::string_view fact, bool clock_trusted) : stored_(newest) {
  std::uint64_t after = newest;
  std::from_chars(fact.data(), fact.data() + fact.size(), after);
  if (!clock_trusted) after_ = after;
  changed_ = after_.has_value() == fact.empty();
}

void LedgerDoubt::take(const model::Input& input, Moment at, std::vector<model::LedgerEntry>& pending) {
  if (const auto* trust = std::get_if<model::ClockTrust>(&input)) {
    if (trust->trusted) {
      doubt(std::nullopt);
    } else if (!after_) {
      doubt(stored_ + pending.size());
    }
  }
  const auto* step = std::get_if<model::ClockStep>(&input);
  if (step == nullptr || !after_) return;
  const Millis by = at.wall - step->before;
  corrections_.push_back({*after_, by});
  for (std::size_t i = *after_ > stored_ ? *after_ - stored_ : 0; i < pending.size(); ++i) {
    pending[i].at += by;
  }
}

void LedgerDoubt::doubt(std::optional<std::uint64_t> after) {
  changed_ = changed_ || after != after_;
  after_ = after;
}

void LedgerDoubt::fill(StoreBatch& batch) {
  batch.corrections = std::exchange(corrections_, {});
  if (std::exchange(changed_, false)) {
    batch.facts.emplace_back(kFact, after_ ? std::optional(std::to_string(*after_)) : std::nullopt);
  }
  stored_ += batch.ledger.size();
}

}  // namespace sundial::runtime
