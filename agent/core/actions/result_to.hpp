// `result_to`: what is published when the workflow that an action started has ended.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "agent/core/actions/compiled_node.hpp"

namespace sundial::actions {

// Compiled when the configuration is read, filled in at the firing with all but {result} and {status},
// and those when the workflow has ended (bind_result).
class ResultTo {
 public:
  static std::optional<ResultTo> compile(const model::Node& node, const expression::Scope& scope,
                                         std::string_view where, std::vector<model::Problem>& problems);

  // The same table with what the firing knows put in; its texts are templates still.
  Result<Value> fill_in(const expression::Bindings& bindings) const;

  void for_each_template(const std::function<void(const Template&)>& visit) const;

 private:
  explicit ResultTo(CompiledNode table) : table_(std::move(table)) {}
  CompiledNode table_;
};

}  // namespace sundial::actions
