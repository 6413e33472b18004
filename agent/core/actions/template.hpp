// Templates: texts with {expressions} in them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "agent/core/expression/expression.hpp"
#include "agent/core/model/node.hpp"
#include "platform/base/result.hpp"
#include "platform/base/value.hpp"

namespace sundial::actions {

class Template {
 public:
  // Everything that is wrong with it goes to `problems` under `where` ("[rule.overheat] key").
  static std::optional<Template> compile(const model::Text& text, const expression::Scope& scope,
                                         std::string_view where, std::vector<model::Problem>& problems);

  // A template that is exactly one {expression} gives that value with its type ({payload} alone: the
  // bytes that were decoded from JSON, as Verbatim); any other gives text.
  Result<Value> render(const expression::Bindings& bindings) const;

  // For keys, ids and names: text, or a number written out; any other value is an error.
  Result<std::string> render_text(const expression::Bindings& bindings) const;

  // The text, where it holds no expression.
  std::optional<std::string> constant() const;
  expression::Variables uses() const;
  // Whether one of its expressions names this field: `message.id`.
  bool names(expression::Variable variable, std::string_view field) const;

  struct Part {
    std::string literal;                               // braces already single
    std::optional<expression::Expression> expression;  // set: this part is the expression
  };
  const std::vector<Part>& parts() const { return parts_; }

 private:
  explicit Template(std::vector<Part> parts) : parts_(std::move(parts)) {}
  std::vector<Part> parts_;
};

// A value within other text: text as it is, a timestamp as RFC 3339 with milliseconds, a duration as
// "90s", bytes as base64, all else as its JSON.
std::string text_of(const Value& value);

}  // namespace sundial::actions
