// + - * / % of operands: checked ints, doubles where the types mix, times and lengths of time.
#pragma once

#include "agent/core/expression/machine.hpp"

namespace sundial::expression {

Operand add(Machine& machine, const Operand& left, const Operand& right);
Operand subtract(Machine& machine, const Operand& left, const Operand& right);
Operand multiply(Machine& machine, const Operand& left, const Operand& right);
// `whole`: both sides are statically int, so that 7 / 2 is 3; else numbers divide as doubles.
Operand divide(Machine& machine, const Operand& left, const Operand& right, bool whole);
Operand modulo(Machine& machine, const Operand& left, const Operand& right);
Operand negate(Machine& machine, const Operand& operand);

}  // namespace sundial::expression
