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

void Pane::add(const CompiledWindow& window, const expression::Bindings& bindings, std::uint64_t order) {
  ++messages;
  last_order = order;
  for (std::size_t inner = 0; inner < window.inners.size(); ++inner) {
    // A message on which it fails is left out of these aggregates.
    const Result<Value> value = window.inners[inner].evaluate(bindings);
    if (!value) continue;
    slots.each([&](std::size_t place, Accumulator slot) {
      if (window.slots[place].inner == inner) slot.add(*value, order, window.limits);
    });
  }
}

void Pane::merge(const CompiledWindow& window, const Pane& other) {
  start = std::min(start, other.start);
  end = std::max(end, other.end);
  messages += other.messages;
  slots.each([&](std::size_t place, Accumulator slot) { slot.merge(other.slots[place], window.limits); });
  if (other.last_order < last_order) return;
  last_order = other.last_order;
  last = other.last;
}

bool Pane::full(const CompiledWindow& window) const {
  bool full = false;
  slots.each([&](std::size_t, const Accumulator& slot) { full = full || slot.full(window.limits); });
  return full;
}

bool Pane::truncated() const {
  bool truncated = false;
  slots.each([&](std::size_t, const Accumulator& slot) { truncated = truncated || slot.truncated(); });
  return truncated;
}

std::size_t Pane::bytes() const {
  std::size_t total = last.size();
  slots.each([&](std::size_t, const Accumulator& slot) { total += slot.weight(); });
  return total;
}

void Pane::encode(StateWriter& writer) const {
  writer.instant(start);
  writer.instant(end);
  writer.elapsed(timer);
  writer.natural(messages);
  writer.natural(last_order);
  writer.text(last.view());
  slots.each([&](std::size_t, const Accumulator& slot) { slot.encode(writer); });
}

std::optional<Pane> Pane::decode(const CompiledWindow& window, StateReader& reader) {
  Pane pane(window);
  pane.start = reader.instant();
  pane.end = reader.instant();
  pane.timer = reader.elapsed();
  pane.messages = reader.natural();
  pane.last_order = reader.natural();
  pane.last.assign(reader.text());
  pane.slots.each([&](std::size_t, Accumulator slot) { slot.decode(reader); });
  if (!reader.ok()) return std::nullopt;
  return pane;
}

std::size_t WindowState::bytes() const {
  std::size_t total = 0;
  for (const Pane& pane : panes) total += pane.bytes();
  return total;
}

void WindowState::encode(StateWriter& writer) const {
  writer.natural(order);
  writer.flag(course != nullptr);
  if (course) {
    const auto instant = [&writer](Instant value) {
      writer.flag(value != Course::kNever);
      if (value != Course::kNever) writer.instant(value);
    };
    instant(course->resumed);
    instant(course->last_end);
    writer.flag(course->newest.has_value());
    if (course->newest) writer.instant(*course->newest);
    writer.instant(course->arrived_wall);
    writer.elapsed(course->arrived);
    writer.natural(course->closed.size());
    for (const Instant end : course->closed) writer.instant(end);
  }
  writer.natural(panes.size());
  for (const Pane& pane : panes) pane.encode(writer);
}

std::unique_ptr<WindowState> WindowState::decode(const CompiledWindow& window, StateReader& reader) {
  auto state = std::make_unique<WindowState>(window);
  state->order = reader.natural();
  if (reader.flag() != (state->course != nullptr)) reader.fail();
  if (Course* course = state->course.get()) {
    if (reader.flag()) course->resumed = reader.instant();
    if (reader.flag()) course->last_end = reader.instant();
    if (reader.flag()) course->newest = reader.instant();
    course->arrived_wall = reader.instant();
    course->arrived = reader.elapsed();
    for (std::size_t left = reader.count(); left > 0 && reader.ok(); --left)
      course->closed.push_back(reader.instant());
  }
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
      return frame_.pane.truncated();
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
