// Saves from a damaged database what can still be read and whose checksum is right.
#pragma once

#include <cstdint>
#include <string>

#include "agent/adapters/sqlite/database.hpp"

namespace sundial::sqlite {

struct Salvaged {
  std::uint64_t records = 0;
  std::uint64_t states = 0;
  std::uint64_t left_out = 0;  // rows that were read, but were not what had been written
  bool progress = false;       // the place in the journal was read
};

// Into a database that has its tables and nothing in them. That nothing can be read is no error.
Result<Salvaged> salvage(const std::string& damaged, Database& into);

}  // namespace sundial::sqlite
