// Definitions as the server writes them, and back. Pure.
#pragma once

#include <string>

#include "agent/adapters/temporal/requests.hpp"
#include "platform/base/result.hpp"
#include "platform/base/value.hpp"

namespace sundial::temporal {

// Sets in `schedule`, the server's document or an empty one, what the definition gives, and leaves the rest.
Result<void> put_definition(Map& schedule, const std::string& id, const Map& definition,
                            const Sender& sender);

// The answer of describe, in the words of the configuration: id, source, spec, start, state, next, recent.
Map described_schedule(const std::string& id, const Value& answer, const PayloadCodec* codec);
// An item of the list.
Map listed_schedule(const Value& item);

// "skip" -> SCHEDULE_OVERLAP_POLICY_SKIP
std::string overlap_name(std::string_view overlap);

}  // namespace sundial::temporal
