// Outbox records, delivery memories and ledger entries as they stand in rows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "agent/ports/store.hpp"

namespace sundial::sqlite {

// Everything of a record but its number, as one JSON text; what has its default is left out.
std::string record_to_text(const model::OutboxRecord& record);
Result<model::OutboxRecord> record_from_text(std::uint64_t number, std::string_view text);

// Nothing where it is as it was made.
std::optional<std::string> memory_to_text(const DeliveryMemory& memory);
DeliveryMemory memory_from_text(std::string_view text);

// The same for the same lane, and hardly ever for another.
// How much of the database a record's text takes: rows share a page as far as they fit, and a longer one
// has pages of its own.
std::uint64_t room_of(std::string_view text);

std::int64_t lane_hash(std::string_view lane);

// Structure checks don't see a flipped bit in a text; this does.
std::int64_t sum_of(std::uint64_t number, std::string_view text);
std::int64_t sum_of(std::string_view owner, std::string_view key, std::string_view bytes);

}  // namespace sundial::sqlite
