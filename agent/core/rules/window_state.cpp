// Panes, their bytes, and the fields of a window.
#include "agent/core/rules/window_state.hpp"

#include <algorithm>

namespace sundial::rules {
namespace {

Timestamp timestamp(Instant instant) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(instant);
  return {seconds.time_since_epoch().count(),
          static_cast<std::int32_t>(std::chrono::nanoseconds(instant - seconds).count())};
}

}  // namespace

Pane::Pane(const CompiledWindow& window) {
  slots.reserve(window.slots.size());
  for (const CompiledWindow::Slot& slot : window.slots) slots.emplace_back(slot.kind);
}

void Pane::add(const CompiledWindow& window, const expression::Bindings& bindings, std::uint64_t order) {
  ++messages;
  last_order = order;
  for (std::size_t inner = 0; inner < window.inners.size(); ++inner) {
    // A message on which it fails is left out of these aggregates.
    const Result<Value> value = window.inners[inner].evaluate(bindings);
    if (!value) continue;
    for (std::size_t i = 0; i < slots.size(); ++i) {
      if (window.slots[i].inner == inner) slots[i].add(*value, order, window.limits);
    }
  }
}

void Pane::merge(const CompiledWindow& window, const Pane& other) {
  start = std::min(start, other.start);
  end = std::max(end, other.end);
  messages += other.messages;
  for (std::size_t i = 0; i < slots.size(); ++i) slots[i].merge(other.slots[i], window.limits);
  if (other.last_order < last_order) return;
  last_order = other.last_order;
  last = other.last;
}

bool Pane::full(const CompiledWindow& window) const {
  return std::any_of(slots.begin(), slots.end(),
                     [&](const Accumulator& slot) { return slot.full(window.limits); });
}

std::size_t Pane::bytes() const {
  std::size_t total = last.size();
  for (const Accumulator& slot : slots) total += slot.weight();
  return total;
}

void Pane::encode(StateWriter& writer) const {
  writer.instant(start);
  writer.instant(end);
  writer.elapsed(timer);
  writer.natural(messages);
  writer.natural(last_order);
  writer.text(last);
  for (const Accumulator& slot : slots) slot.encode(writer);
}

std::optional<Pane> Pane::decode(const CompiledWindow& window, StateReader& reader) {
  Pane pane(window);
  pane.start = reader.instant();
  pane.end = reader.instant();
  pane.timer = reader.elapsed();
  pane.messages = reader.natural();
  pane.last_order = reader.natural();
  pane.last = std::string(reader.text());
  for (std::size_t i = 0; i < pane.slots.size(); ++i) {
    pane.slots[i] = Accumulator::decode(window.slots[i].kind, reader);
  }
  if (!reader.ok()) return std::nullopt;
  return pane;
}

std::size_t WindowState::bytes() const {
  std::size_t total = 0;
  for (const Pane& pane : panes) total += pane.bytes();
  return total;
}

void WindowState::encode(StateWriter& writer) const {
  const auto instant = [&writer](const std::optional<Instant>& value) {
    writer.flag(value.has_value());
    if (value) writer.instant(*value);
  };
  writer.natural(order);
  instant(resumed);
  instant(newest);
  if (newest) writer.instant(arrived_wall), writer.elapsed(arrived);
  instant(last_end);
  writer.natural(closed.size());
  for (const Instant end : closed) writer.instant(end);
  writer.natural(panes.size());
  for (const Pane& pane : panes) pane.encode(writer);
}

std::unique_ptr<WindowState> WindowState::decode(const CompiledWindow& window, StateReader& reader) {
  auto state = std::make_unique<WindowState>();
  const auto instant = [&reader](std::optional<Instant>& value) {
    if (reader.flag()) value = reader.instant();
  };
  state->order = reader.natural();
  instant(state->resumed);
  instant(state->newest);
  if (state->newest) state->arrived_wall = reader.instant(), state->arrived = reader.elapsed();
  instant(state->last_end);
  for (std::size_t left = reader.count(); left > 0 && reader.ok(); --left)
    state->closed.push_back(reader.instant());
  for (std::size_t left = reader.count(6); left > 0 && reader.ok(); --left) {
    std::optional<Pane> pane = Pane::decode(window, reader);
    if (pane) state->panes.push_back(*std::move(pane));
  }
  return reader.ok() ? std::move(state) : nullptr;
}

WindowFields::WindowFields(const Frame& frame, const expression::Bindings& last)
    : frame_(frame), last_(last), values_(frame.window.entry_of_field.size()) {}

const Value* WindowFields::field(std::size_t index) const {
  if (index >= values_.size()) return nullptr;
  if (!values_[index]) values_[index] = std::make_unique<Value>(compute(index));
  return values_[index].get();
}

Value WindowFields::compute(std::size_t index) const {
  if (const std::optional<std::size_t> entry = frame_.window.entry_of_field[index]) {
    return collected(frame_.window.collect[*entry]);
  }
  switch (static_cast<WindowField>(index)) {
    case WindowField::start:
      return timestamp(frame_.start);
    case WindowField::end:
      return timestamp(frame_.end);
    case WindowField::count:
      return static_cast<std::int64_t>(frame_.pane.messages);
    case WindowField::key:
      return frame_.key;
    case WindowField::truncated:
      return std::any_of(frame_.pane.slots.begin(), frame_.pane.slots.end(),
                         [](const Accumulator& slot) { return slot.truncated(); });
  }
  return Null{};
}

// An entry that fails is null.
Value WindowFields::collected(const CollectEntry& entry) const {
  const Millis length = frame_.end - frame_.start;
  std::vector<Value> results;
  results.reserve(entry.sources.size());
  for (const CollectEntry::Source& source : entry.sources) {
    if (source.slot) {
      results.push_back(frame_.pane.slots[*source.slot].result(source.kind, length));
    } else if (source.kind == AggregateKind::rate) {
      results.push_back(length <= Millis{0} ? Value()
                                            : Value(static_cast<double>(frame_.pane.messages) * 1000.0 /
                                                    static_cast<double>(length.count())));
    } else {
      results.push_back(static_cast<std::int64_t>(frame_.pane.messages));
    }
  }
  return entry.expression.evaluate(last_, results).value_or(Value());
}

}  // namespace sundial::rules
