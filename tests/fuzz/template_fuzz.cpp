// Templates from a stranger's hand: whatever compiles renders or says why not.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "agent/core/actions/actions.hpp"
#include "agent/core/actions/template.hpp"
#include "platform/json/json.hpp"

namespace {

using namespace sundial;  // NOLINT: one short program

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

// The first line is the template, the rest the payload.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t line = input.find('\n');
  const std::string text(input.substr(0, line));
  const std::string_view json = line == std::string_view::npos ? "null" : input.substr(line + 1);
  const Result<Value> payload = json::parse(json);
  expression::Scope scope;
  scope.variables = {expression::Variable::payload, expression::Variable::now};
  std::vector<model::Problem> problems;
  const auto compiled = actions::Template::compile({text, {"f", 1, 1}}, scope, "x", problems);
  require(compiled.has_value() == problems.empty());

  const std::string key(input.substr(0, 2000));
  const actions::Firing firing{.kind = actions::Firing::Kind::timer, .owner = "rule", .key = key};
  require(actions::made_id(firing, 2, 1).size() <= 1000);
  if (!compiled || !payload) return 0;
  expression::Bindings bindings;
  bindings.payload = &*payload;
  bindings.payload_json = json;
  bindings.now = Instant{};
  const auto value = compiled->render(bindings);
  if (value) (void)json::write(*value);
  (void)compiled->render_text(bindings);
  return 0;
}
