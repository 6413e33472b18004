// Which keys of a rule go together.
#pragma once

#include <vector>

#include "agent/core/model/node.hpp"
#include "agent/core/model/rule.hpp"

namespace sundial::rules {

void check_combinations(const model::RuleDefinition& rule, std::vector<model::Problem>& problems);

}  // namespace sundial::rules
