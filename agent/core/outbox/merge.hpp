// Several signals that wait side by side for one workflow, as one.
#pragma once

#include <cstddef>
#include <vector>

#include "agent/core/model/action.hpp"

namespace sundial::outbox {

inline constexpr std::size_t kMostMerged = 1000;
inline constexpr std::size_t kLargestMerge = 256 * 1024;

// A signal that is to be merged, and has not been yet.
bool merges(const model::OutboxRecord& record);
// Both go to the same signal of the same workflow.
bool merge_together(const model::OutboxRecord& left, const model::OutboxRecord& right);

// An element of the list: the signal's argument, or the list of them where it has several.
Value merge_element(const Map& action);
// The bytes that an element adds.
std::size_t merge_size(const Map& action);

// One action for all: its only argument is the list of their elements.
Map merge_actions(const std::vector<const Map*>& actions);

}  // namespace sundial::outbox
