// Regular expressions in RE2's syntax: matched in linear time, bounded in memory.
#pragma once

#include <memory>
#include <string_view>

#include "platform/base/result.hpp"

namespace sundial::expression {

class Pattern {
 public:
  static Result<Pattern> compile(std::string_view text);

  // Whether the pattern is found anywhere in the text. What it would cost is told beforehand by `cost`.
  bool found_in(std::string_view text) const;
  // Steps of the slowest way to search a text of this length.
  std::size_t cost(std::size_t length) const;

 private:
  struct Compiled;
  explicit Pattern(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace sundial::expression
