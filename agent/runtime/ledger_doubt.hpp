// Lines of the ledger that a clock stamped which nobody trusts yet: once the clock is set right they are
// moved along, so that what happened before the synchronisation has the time at which it happened.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "agent/core/model/input.hpp"
#include "agent/ports/store.hpp"

namespace sundial::runtime {

class LedgerDoubt {
 public:
  static constexpr std::string_view kFact = "ledger_doubt";

  LedgerDoubt() = default;
  // `newest` is the number of the store's newest line, `fact` what an earlier life kept under kFact.
  LedgerDoubt(std::uint64_t newest, std::string_view fact, bool clock_trusted);

  // To be told each input before the engine; `pending` are the lines that no transaction has yet.
  void take(const model::Input& input, Moment at, std::vector<model::LedgerEntry>& pending);
  // Adds to a transaction that has all its lines already.
  void fill(StoreBatch& batch);

 private:
  void doubt(std::optional<std::uint64_t> after);

  std::uint64_t stored_ = 0;
  std::optional<std::uint64_t> after_;  // lines with a greater number are in doubt
  std::vector<LedgerCorrection> corrections_;
  bool changed_ = false;
};

}  // namespace sundial::runtime
