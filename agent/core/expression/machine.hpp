// Machine: runs one Program once, on bindings that it only reads.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "agent/core/expression/operand.hpp"
#include "agent/core/expression/program.hpp"
#include "platform/base/result.hpp"

namespace sundial::expression {

class Machine {
 public:
  Machine(const Program& program, const Bindings& bindings, std::span<const Value> aggregates);

  // The result; it borrows from the bindings and from this machine.
  Operand run();

  // The same as a value of its own; a failure where it is an error, too large or too deep.
  Result<Value> take(Operand result);
  // What went wrong, for people.
  std::string describe(const Operand& error) const;

  // For what is built in (functions.cpp, arithmetic.cpp, objects.cpp, loops.cpp).
  Operand fail(Failure failure, Kind left = Kind::null, Kind right = Kind::null) const;
  Operand keep_text(std::string text);
  Operand keep_bytes(std::string bytes);
  Operand keep(Value value, std::size_t depth);
  // Takes so many steps; false where they are used up.
  bool spend(std::size_t steps);
  bool spend_memory(std::size_t bytes);
  Steps& steps() { return steps_; }
  const Program& program() const { return program_; }
  const Bindings& bindings() const { return bindings_; }
  // A value of its own, and how deep it is; moved out of the arena where the operand is temporary.
  std::optional<Value> own(const Operand& operand, std::size_t& depth);
  // The value in the arena that a temporary operand stands for.
  Value& arena_value(const Operand& temporary) { return *arena_[temporary.slot]; }
  std::shared_ptr<const TimeZone> zone(std::string_view name) const;

 private:
  // One macro that is running.
  struct Frame {
    Macro macro;
    Operand range;
    std::size_t size = 0;
    std::size_t index = 0;
    std::uint32_t body = 0;
    std::uint32_t end = 0;
    std::size_t held = 0;          // exists_one: elements for which it held
    std::optional<Operand> error;  // all, exists: the first error, until it is absorbed
    List items;                    // filter, map
    std::size_t depth = 0;
  };

  void step(const Instruction& instruction);
  void step_logic(const Instruction& instruction);
  void step_loop(const Instruction& instruction);
  Operand operate(const Instruction& instruction, const Operand& left, const Operand& right);

  void push(const Operand& operand) { stack_[top_++] = operand; }
  Operand pop() { return stack_[--top_]; }

  // objects.cpp
  Operand load(Variable variable);
  Operand load_field(Field field);
  Operand load_topic(std::uint32_t index) const;
  Operand load_window(std::uint32_t index) const;
  Operand has_field(Field field);

  // operations.cpp
  Operand select(const Operand& map, std::uint32_t name);
  Operand has(const Operand& map, std::uint32_t name);
  Operand index(const Operand& range, const Operand& key);
  Operand contains(const Operand& element, const Operand& range);
  Operand ordered(Op op, const Operand& left, const Operand& right);
  Operand make_list(std::size_t count);
  Operand make_map(std::size_t count);
  Operand found(const Pattern& pattern, const Operand& text);

  // loops.cpp
  void begin_loop(const Instruction& instruction);
  void filter_loop();
  void next_loop();
  void take_body(Frame& frame, const Operand& value, bool& done);
  void advance();
  void finish(const Operand& result);
  Operand result_of(Frame& frame);
  Operand element(const Frame& frame) const;

  const Program& program_;
  const Bindings& bindings_;
  std::span<const Value> aggregates_;
  std::size_t pc_ = 0;
  std::size_t top_ = 0;
  Operand* stack_;
  Steps steps_;
  std::size_t memory_;
  bool exhausted_ = false;
  std::vector<std::unique_ptr<Value>> arena_;
  std::vector<Frame> frames_;
  static constexpr std::size_t kInline = 16;
  std::array<Operand, kInline> inline_stack_;
  std::unique_ptr<Operand[]> large_stack_;
};

}  // namespace sundial::expression
