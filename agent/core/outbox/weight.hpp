// How much memory a record takes, roughly.
#pragma once

#include <cstddef>

#include "agent/core/model/action.hpp"

namespace sundial::outbox {

std::size_t weight_of(const model::OutboxRecord& record);

}  // namespace sundial::outbox
