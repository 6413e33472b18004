// Texts of the database: whatever stands there is read without harm, and what was read is kept exactly.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "agent/adapters/sqlite/rows.hpp"
#include "agent/adapters/sqlite/value_text.hpp"

namespace {

using namespace sundial;  // NOLINT: one short program

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)sqlite::memory_from_text(bytes);
  if (const auto record = sqlite::record_from_text(1, bytes)) {
    const std::string text = sqlite::record_to_text(*record);
    const auto again = sqlite::record_from_text(1, text);
    require(again.has_value() && sqlite::record_to_text(*again) == text);
  }
  if (const auto value = sqlite::value_from_text(bytes)) {
    const std::string text = sqlite::value_to_text(*value);
    const auto again = sqlite::value_from_text(text);
    require(again.has_value() && sqlite::value_to_text(*again) == text);
  }
  return 0;
}
