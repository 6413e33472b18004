// The one file that knows RE2.
#include "agent/core/expression/pattern.hpp"

#include <algorithm>

#include <re2/re2.h>

namespace sundial::expression {

struct Pattern::Compiled {
  explicit Compiled(std::string_view text, const RE2::Options& options)
      : regex(re2::StringPiece(text.data(), text.size()), options) {}
  RE2 regex;
};

Result<Pattern> Pattern::compile(std::string_view text) {
  constexpr std::size_t longest = 256 * 1024;
  if (text.size() > longest) return Error(ErrorKind::exhausted, "the pattern is too long");
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(std::int64_t{2} << 20U);
  auto compiled = std::make_shared<const Compiled>(text, options);
  if (!compiled->regex.ok())
    return Error(ErrorKind::invalid, "bad pattern: " + compiled->regex.error().substr(0, 120));
  return Pattern(std::move(compiled));
}

bool Pattern::found_in(std::string_view text) const {
  return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), compiled_->regex);
}

std::size_t Pattern::cost(std::size_t length) const {
  const int size = std::max(1, compiled_->regex.ProgramSize());
  return length * static_cast<std::size_t>(size);
}

}  // namespace sundial::expression
