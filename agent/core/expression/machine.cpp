// The loop over the instructions, and how values leave the machine.
#include "agent/core/expression/machine.hpp"

#include <fmt/format.h>

#include "agent/core/expression/arithmetic.hpp"
#include "agent/core/expression/expression.hpp"
#include "agent/core/expression/functions.hpp"

namespace sundial::expression {

Machine::Machine(const Program& program, const Bindings& bindings, std::span<const Value> aggregates)
    : program_(program),
      bindings_(bindings),
      aggregates_(aggregates),
      steps_(kMaxSteps),
      memory_(kMaxProduced) {
  stack_ = inline_stack_.data();
  if (program.stack > kInline) {
    large_stack_ = std::make_unique<Operand[]>(program.stack);
    stack_ = large_stack_.get();
  }
}

Operand Machine::run() {
  const std::vector<Instruction>& code = program_.code;
  while (pc_ < code.size()) {
    if (!spend(1)) break;
    step(code[pc_++]);
    if (exhausted_) break;
  }
  // What ran out of steps or memory has failed as a whole: no || takes that error in.
  if (exhausted_ || steps_ == 0) return fail(memory_ == 0 ? Failure::memory : Failure::steps);
  return pop();
}

bool Machine::spend(std::size_t steps) {
  if (steps < steps_) {
    steps_ -= steps;
    return true;
  }
  steps_ = 0;
  exhausted_ = true;
  return false;
}

bool Machine::spend_memory(std::size_t bytes) {
  if (bytes < memory_) {
    memory_ -= bytes;
    return true;
  }
  memory_ = 0;
  exhausted_ = true;
  return false;
}

Operand Machine::fail(Failure failure, Kind left, Kind right) const {
  Operand error(Kind::error);
  error.slot = static_cast<std::uint32_t>(pc_ - 1);
  error.reason = {failure, left, right};
  return error;
}

void Machine::step(const Instruction& instruction) {
  switch (instruction.op) {
    case Op::push_constant:
      return push(Operand::of(program_.constants[instruction.a]));
    case Op::load:
      return push(load(static_cast<Variable>(instruction.a)));
    case Op::load_field:
      return push(load_field(static_cast<Field>(instruction.a)));
    case Op::has_field:
      return push(has_field(static_cast<Field>(instruction.a)));
    case Op::load_topic:
      return push(load_topic(instruction.a));
    case Op::load_window:
      return push(load_window(instruction.a));
    case Op::has_window:
      return push(Operand::of(load_window(instruction.a).kind != Kind::error));
    case Op::load_local:
      return push(element(frames_[instruction.a]));
    case Op::load_aggregate:
      return push(instruction.a < aggregates_.size() ? Operand::of(aggregates_[instruction.a])
                                                     : fail(Failure::unbound));
    case Op::select:
      return push(select(pop(), instruction.a));
    case Op::has:
      return push(has(pop(), instruction.a));
    case Op::jump:
    case Op::jump_if_false:
    case Op::jump_if_true:
    case Op::and_:
    case Op::or_:
    case Op::branch:
      return step_logic(instruction);
    case Op::begin_loop:
    case Op::filter_loop:
    case Op::next_loop:
      return step_loop(instruction);
    case Op::make_list:
      return push(make_list(instruction.a));
    case Op::make_map:
      return push(make_map(instruction.a));
    case Op::negate:
    case Op::not_: {
      const Operand operand = pop();
      if (operand.kind == Kind::error) return push(operand);
      if (instruction.op == Op::negate) return push(negate(*this, operand));
      return push(operand.kind == Kind::boolean ? Operand::of(!operand.boolean)
                                                : fail(Failure::not_bool, operand.kind));
    }
    case Op::matches: {
      const Operand text = pop();
      return push(text.kind == Kind::error ? text : found(program_.patterns[instruction.a], text));
    }
    case Op::call: {
      const std::span<const Operand> arguments(stack_ + top_ - instruction.b, instruction.b);
      Operand result(Kind::null);
      const Operand* error = nullptr;
      for (const Operand& argument : arguments) {
        if (argument.kind == Kind::error && error == nullptr) error = &argument;
      }
      result = error != nullptr ? *error : call(*this, static_cast<Function>(instruction.a), arguments);
      top_ -= instruction.b;
      return push(result);
    }
    case Op::index:
    case Op::add:
    case Op::subtract:
    case Op::multiply:
    case Op::divide:
    case Op::modulo:
    case Op::less:
    case Op::less_equal:
    case Op::greater:
    case Op::greater_equal:
    case Op::equal:
    case Op::not_equal:
    case Op::in: {
      const Operand right = pop();
      const Operand left = pop();
      if (left.kind == Kind::error) return push(left);
      if (right.kind == Kind::error) return push(right);
      return push(operate(instruction, left, right));
    }
  }
}

Operand Machine::operate(const Instruction& instruction, const Operand& left, const Operand& right) {
  switch (instruction.op) {
    case Op::index:
      return index(left, right);
    case Op::add:
      return add(*this, left, right);
    case Op::subtract:
      return subtract(*this, left, right);
    case Op::multiply:
      return multiply(*this, left, right);
    case Op::divide:
      return divide(*this, left, right, instruction.a == 1);
    case Op::modulo:
      return modulo(*this, left, right);
    case Op::equal:
      return Operand::of(equal(left, right, steps_));
    case Op::not_equal:
      return Operand::of(!equal(left, right, steps_));
    case Op::in:
      return contains(left, right);
    default:
      return ordered(instruction.op, left, right);
  }
}

void Machine::step_logic(const Instruction& instruction) {
  if (instruction.op == Op::jump) {
    pc_ = instruction.a;
    return;
  }
  if (instruction.op == Op::jump_if_false || instruction.op == Op::jump_if_true) {
    const Operand& value = stack_[top_ - 1];
    const bool wanted = instruction.op == Op::jump_if_true;
    if (value.kind == Kind::boolean && value.boolean == wanted) pc_ = instruction.a;
    return;
  }
  if (instruction.op == Op::branch) {
    const Operand condition = pop();
    if (condition.kind == Kind::boolean) {
      if (!condition.boolean) pc_ = instruction.a;
      return;
    }
    push(condition.kind == Kind::error ? condition : fail(Failure::not_bool, condition.kind));
    pc_ = instruction.b;
    return;
  }
  // `false` decides && and `true` decides ||, whatever is wrong on the other side.
  const bool deciding = instruction.op == Op::or_;
  const Operand right = pop();
  const Operand left = pop();
  if (right.kind == Kind::boolean && right.boolean == deciding) return push(right);
  for (const Operand* side : {&left, &right}) {
    if (side->kind == Kind::error) return push(*side);
    if (side->kind != Kind::boolean) return push(fail(Failure::not_bool, side->kind));
  }
  push(right);
}

Operand Machine::keep_text(std::string text) {
  Operand operand = keep(Value(std::move(text)), 0);
  const std::string& kept = *arena_.back()->get_if<std::string>();
  operand.view = {kept.data(), kept.size()};
  return operand;
}

Operand Machine::keep_bytes(std::string bytes) {
  Operand operand = keep(Value(Bytes{std::move(bytes)}), 0);
  const std::string& kept = arena_.back()->get_if<Bytes>()->data;
  operand.view = {kept.data(), kept.size()};
  return operand;
}

Operand Machine::keep(Value value, std::size_t depth) {
  (void)spend_memory(sizeof(Value));  // where that was the last, the loop ends before the next instruction
  arena_.push_back(std::make_unique<Value>(std::move(value)));
  Operand operand = Operand::of(*arena_.back());
  operand.temporary = true;
  operand.depth = static_cast<std::uint16_t>(depth);
  operand.slot = static_cast<std::uint32_t>(arena_.size() - 1);
  return operand;
}

namespace {

// Copies within the budget, and tells how deep the value is. Recursion ends at kMaxValueDepth.
bool copy_within(Machine& machine, const Value& from, std::size_t level, Value& to, std::size_t& depth) {
  depth = 0;
  const Operand operand = Operand::of(from);
  const bool has_view = operand.kind == Kind::text || operand.kind == Kind::bytes;
  if (level > kMaxValueDepth || !machine.spend_memory(sizeof(Value) + (has_view ? operand.view.size : 0)))
    return false;
  std::size_t inner = 0;
  if (operand.kind == Kind::list) {
    List items(operand.list().size());
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (!copy_within(machine, operand.list()[i], level + 1, items[i], inner)) return false;
      depth = std::max(depth, inner + 1);
    }
    to = std::move(items);
  } else if (operand.kind == Kind::map) {
    Map members;
    for (const auto& [key, member] : operand.map()) {
      Value copy;
      if (!copy_within(machine, member, level + 1, copy, inner)) return false;
      depth = std::max(depth, inner + 1);
      members.append(key, std::move(copy));
    }
    to = std::move(members);
  } else {
    to = from;
  }
  return true;
}

}  // namespace

std::optional<Value> Machine::own(const Operand& operand, std::size_t& depth) {
  depth = operand.depth;
  if (operand.temporary) return std::move(*arena_[operand.slot]);
  depth = 0;
  switch (operand.kind) {
    case Kind::null:
      return Value();
    case Kind::boolean:
      return Value(operand.boolean);
    case Kind::integer:
      return Value(operand.integer);
    case Kind::unsigned_integer:
      return Value(operand.unsigned_integer);
    case Kind::number:
      return Value(operand.number);
    case Kind::timestamp:
      return Value(operand.timestamp);
    case Kind::duration:
      return Value(operand.duration);
    case Kind::type:
      return Value(TypeName{std::string(operand.text())});
    case Kind::text:
    case Kind::bytes: {
      if (!spend_memory(operand.view.size)) return std::nullopt;
      std::string text(operand.text());
      return operand.kind == Kind::text ? Value(std::move(text)) : Value(Bytes{std::move(text)});
    }
    case Kind::list:
    case Kind::map: {
      Value copy;
      if (!copy_within(*this, *operand.value, 1, copy, depth)) return std::nullopt;
      return copy;
    }
    case Kind::error:
      return std::nullopt;
  }
  return std::nullopt;
}

Result<Value> Machine::take(Operand result) {
  if (result.kind == Kind::error) return Error(ErrorKind::invalid, describe(result));
  std::size_t depth = 0;
  std::optional<Value> value = own(result, depth);
  if (!value) return Error(ErrorKind::exhausted, describe(fail(Failure::memory)));
  return std::move(*value);
}

}  // namespace sundial::expression
