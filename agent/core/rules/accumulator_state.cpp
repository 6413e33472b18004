// Accumulators as bytes, for the store.
#include "agent/core/rules/accumulator.hpp"
#include "agent/core/rules/collections.hpp"

namespace sundial::rules {

void Accumulator::encode(StateWriter& writer) const {
  if (const auto* tally = std::get_if<Tally>(&state_)) {
    writer.natural(tally->count);
  } else if (const auto* sum = std::get_if<Sum>(&state_)) {
    writer.natural(sum->count);
    writer.integer(sum->high);
    writer.natural(sum->low);
    writer.flag(sum->mixed);
    if (sum->mixed) writer.real(sum->real), writer.real(sum->lost);
  } else if (const auto* extreme = std::get_if<Extreme>(&state_)) {
    writer.flag(extreme->value.has_value());
    if (extreme->value) writer.number(*extreme->value);
  } else if (const auto* edge = std::get_if<Edge>(&state_)) {
    writer.flag(edge->value != nullptr);
    if (edge->value) writer.natural(edge->order), writer.value(*edge->value);
  } else if (const auto* moments = std::get_if<Moments>(&state_)) {
    writer.natural(moments->count);
    writer.real(moments->mean);
    writer.real(moments->squares);
  } else {
    encode_collections(writer);
  }
}

void Accumulator::encode_collections(StateWriter& writer) const {
  if (const auto* sketch = std::get_if<std::unique_ptr<QuantileSketch>>(&state_)) {
    (*sketch)->encode(writer);
  } else if (const auto* items = std::get_if<std::unique_ptr<Items>>(&state_)) {
    writer.flag((*items)->truncated);
    writer.natural((*items)->items.size());
    std::uint64_t before = 0;
    for (const Items::Item& item : (*items)->items) {
      writer.natural(item.order - std::exchange(before, item.order));
      writer.natural(item.size);
      writer.value(item.value);
    }
  } else if (const auto* different = std::get_if<std::unique_ptr<Different>>(&state_)) {
    writer.flag((*different)->truncated);
    writer.natural((*different)->entries.size());
    std::uint64_t before = 0;
    for (const Different::Entry& entry : (*different)->entries) {
      writer.natural(entry.order - std::exchange(before, entry.order));
      writer.natural(entry.size);
      writer.fixed(entry.value.high);
      writer.fixed(entry.value.low);
    }
  }
}

Accumulator Accumulator::decode(AccumulatorKind kind, StateReader& reader) {
  Accumulator result(kind);
  if (auto* tally = std::get_if<Tally>(&result.state_)) {
    tally->count = reader.natural();
  } else if (auto* sum = std::get_if<Sum>(&result.state_)) {
    sum->count = reader.natural();
    sum->high = reader.integer();
    sum->low = reader.natural();
    sum->mixed = reader.flag();
    if (sum->mixed) sum->real = reader.real(), sum->lost = reader.real();
  } else if (auto* extreme = std::get_if<Extreme>(&result.state_)) {
    if (reader.flag()) extreme->value = reader.number();
  } else if (auto* edge = std::get_if<Edge>(&result.state_)) {
    if (reader.flag()) {
      edge->order = reader.natural();
      edge->value = std::make_unique<Value>(reader.value());
    }
  } else if (auto* moments = std::get_if<Moments>(&result.state_)) {
    moments->count = reader.natural();
    moments->mean = reader.real();
    moments->squares = reader.real();
  } else {
    result.decode_collections(reader);
  }
  return result;
}

void Accumulator::decode_collections(StateReader& reader) {
  constexpr Limits kNone{~std::size_t{0}, ~std::size_t{0}};
  if (auto* sketch = std::get_if<std::unique_ptr<QuantileSketch>>(&state_)) {
    **sketch = QuantileSketch::decode(reader);
  } else if (auto* items = std::get_if<std::unique_ptr<Items>>(&state_)) {
    (*items)->truncated = reader.flag();
    std::uint64_t order = 0;
    for (std::size_t left = reader.count(3); left > 0 && reader.ok(); --left) {
      order += reader.natural();
      const auto size = static_cast<std::size_t>(reader.natural());
      (*items)->items.push_back({order, size, reader.value()});
      (*items)->bytes += size;
    }
  } else if (auto* different = std::get_if<std::unique_ptr<Different>>(&state_)) {
    const bool truncated = reader.flag();
    std::uint64_t order = 0;
    for (std::size_t left = reader.count(18); left > 0 && reader.ok(); --left) {
      order += reader.natural();
      const auto size = static_cast<std::size_t>(reader.natural());
      const std::uint64_t high = reader.fixed();
      (*different)->insert({{high, reader.fixed()}, order, size}, kNone);
    }
    (*different)->truncated = truncated;
  }
}

}  // namespace sundial::rules
