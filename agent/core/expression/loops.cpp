// The macros: all, exists, exists_one, filter and map, over lists and the keys of maps.
#include "agent/core/expression/expression.hpp"
#include "agent/core/expression/machine.hpp"

namespace sundial::expression {

void Machine::step_loop(const Instruction& instruction) {
  if (instruction.op == Op::begin_loop) {
    begin_loop(instruction);
  } else if (instruction.op == Op::filter_loop) {
    filter_loop();
  } else {
    next_loop();
  }
}

void Machine::begin_loop(const Instruction& instruction) {
  const Operand range = pop();
  if (range.kind != Kind::list && range.kind != Kind::map) {
    push(range.kind == Kind::error ? range : fail(Failure::wrong_type, range.kind));
    pc_ = instruction.b;
    return;
  }
  Frame frame;
  frame.macro = static_cast<Macro>(instruction.a);
  frame.range = range;
  frame.size = range.kind == Kind::list ? range.list().size() : range.map().size();
  frame.body = static_cast<std::uint32_t>(pc_);
  frame.end = instruction.b;
  frames_.push_back(std::move(frame));
  if (frames_.back().size == 0) finish(result_of(frames_.back()));
}

Operand Machine::element(const Frame& frame) const {
  if (frame.range.kind == Kind::list) return Operand::of(frame.range.list()[frame.index]);
  return Operand::of((frame.range.map().begin() + static_cast<std::ptrdiff_t>(frame.index))->first);
}

// The predicate of map(x, p, t): only where it holds is t computed.
void Machine::filter_loop() {
  const Operand held = pop();
  if (held.kind == Kind::error) return finish(held);
  if (held.kind != Kind::boolean) return finish(fail(Failure::not_bool, held.kind));
  if (!held.boolean) advance();
}

void Machine::next_loop() {
  const Operand value = pop();
  Frame& frame = frames_.back();
  bool done = false;
  take_body(frame, value, done);
  if (!done) advance();
}

// What the body came to, for this element. `done`: the loop has ended already.
void Machine::take_body(Frame& frame, const Operand& value, bool& done) {
  const auto end_with = [this, &done](const Operand& result) {
    done = true;
    finish(result);
  };
  if (frame.macro == Macro::map) {
    std::size_t depth = 0;
    if (value.kind == Kind::error) return end_with(value);
    std::optional<Value> item = own(value, depth);
    if (!item || !spend_memory(sizeof(Value))) return end_with(fail(Failure::memory));
    frame.depth = std::max(frame.depth, depth + 1);
    frame.items.push_back(std::move(*item));
    return;
  }
  const bool failed = value.kind != Kind::boolean;
  const Operand error = !failed || value.kind == Kind::error ? value : fail(Failure::not_bool, value.kind);
  switch (frame.macro) {
    case Macro::all:
    case Macro::exists: {
      const bool deciding = frame.macro == Macro::exists;
      if (failed) {
        if (!frame.error) frame.error = error;
      } else if (value.boolean == deciding) {
        end_with(value);
      }
      return;
    }
    case Macro::exists_one:
      if (failed) return end_with(error);
      if (value.boolean) ++frame.held;
      return;
    case Macro::filter: {
      if (failed) return end_with(error);
      if (!value.boolean) return;
      std::size_t depth = 0;
      std::optional<Value> item = own(element(frame), depth);
      if (!item || !spend_memory(sizeof(Value))) return end_with(fail(Failure::memory));
      frame.depth = std::max(frame.depth, depth + 1);
      frame.items.push_back(std::move(*item));
      return;
    }
    case Macro::map:
      return;
  }
}

void Machine::advance() {
  Frame& frame = frames_.back();
  if (++frame.index < frame.size) {
    pc_ = frame.body;
  } else {
    finish(result_of(frame));
  }
}

Operand Machine::result_of(Frame& frame) {
  switch (frame.macro) {
    case Macro::all:
    case Macro::exists:
      return frame.error ? *frame.error : Operand::of(frame.macro == Macro::all);
    case Macro::exists_one:
      return Operand::of(frame.held == 1);
    case Macro::filter:
    case Macro::map:
      if (frame.depth > kMaxValueDepth) return fail(Failure::too_deep);
      return keep(Value(std::move(frame.items)), frame.depth);
  }
  return fail(Failure::wrong_type);
}

void Machine::finish(const Operand& result) {
  pc_ = frames_.back().end;
  frames_.pop_back();
  push(result);
}

}  // namespace sundial::expression
