// The open windows of a key, as panes: a window is one pane or, where it slides, several.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/expression/scope.hpp"
#include "agent/core/rules/accumulator.hpp"
#include "agent/core/rules/compiled_rule.hpp"
#include "agent/core/rules/kept_text.hpp"
#include "agent/core/rules/state_codec.hpp"

namespace sundial::rules {

struct Pane {
  Instant start{};
  Instant end{};    // of a period, or of a session: its last message's time plus the gap
  Elapsed timer{};  // batch: opened; session: its last message
  std::uint64_t messages = 0;
  std::uint64_t last_order = 0;  // of the last message
  Accumulators slots;
  KeptText last;  // the last message, as far as it is asked for

  explicit Pane(const CompiledWindow& window) : slots(window.slots) {}
  void add(const CompiledWindow& window, const expression::Bindings& bindings, std::uint64_t order);
  void merge(const CompiledWindow& window, const Pane& other);
  bool full(const CompiledWindow& window) const;
  bool truncated() const;
  std::size_t bytes() const;

  void encode(StateWriter& writer) const;
  static std::optional<Pane> decode(const CompiledWindow& window, StateReader& reader);
};

// Where the windows of a key have got to, beside the panes.
struct Course {
  static constexpr Instant kNever = Instant::min();

  Instant resumed = kNever;   // `close_when` closed a period here: the next window begins at it
  Instant last_end = kNever;  // of the last window that closed: that slides, or of a session in event time
  // Event time:
  std::optional<Instant> newest;  // of the key's times
  Instant arrived_wall{};         // of the last message with a time
  Elapsed arrived{};
  std::vector<Instant> closed;  // ends of periods that the clock closed, and `newest` did not
};

// There is one a key: what only some windows need is behind a pointer.
struct WindowState {
  std::vector<Pane> panes;  // by start
  std::uint64_t order = 0;  // messages that entered, ever
  std::unique_ptr<Course> course;

  // Windows that slide, may be closed early in a period, or go by event time have a course.
  explicit WindowState(const CompiledWindow& window)
      : course(window.has_course() ? std::make_unique<Course>() : nullptr) {}
  std::size_t bytes() const;
  void encode(StateWriter& writer) const;
  static std::unique_ptr<WindowState> decode(const CompiledWindow& window, StateReader& reader);
};

// `window`, as expressions see it: computed field by field, when asked for.
class WindowFields final : public expression::WindowView {
 public:
  struct Frame {
    const CompiledWindow& window;
    const Pane& pane;
    std::string_view key;
    Instant start;
    Instant end;
  };
  // `last` are the bindings of the last message; they must not hold this view.
  WindowFields(const Frame& frame, const expression::Bindings& last);

  const Value* field(std::size_t index) const override;

 private:
  Value compute(std::size_t index) const;
  Value collected(const CollectEntry& entry) const;

  const Frame frame_;
  const expression::Bindings& last_;
  mutable std::vector<std::unique_ptr<Value>> values_;
};

}  // namespace sundial::rules
