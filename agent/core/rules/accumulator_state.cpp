// Accumulators in memory, and as bytes for the store.
#include <algorithm>
#include <cstring>
#include <utility>

#include "agent/core/rules/accumulator.hpp"
#include "agent/core/rules/collections.hpp"

namespace sundial::rules {
namespace {

constexpr std::size_t kAlignment = 8;

template <typename T>
constexpr bool kBehindPointer = false;
template <typename T>
constexpr bool kBehindPointer<std::unique_ptr<T>> = true;

std::size_t header_bytes(std::size_t count) {
  return (sizeof(std::uint32_t) + count + kAlignment - 1) / kAlignment * kAlignment;
}

}  // namespace

std::size_t Accumulator::size_of(AccumulatorKind kind) {
  return with_type(kind, []<typename T>(std::type_identity<T>) { return sizeof(T); });
}

// What a window seldom has is behind a pointer, which is set while the accumulator lives (of an edge: while
// there is a value).
void Accumulator::create() const {
  with_type(kind_, [this]<typename T>(std::type_identity<T>) {
    static_assert(alignof(T) <= kAlignment && sizeof(T) % kAlignment == 0);
    if constexpr (kBehindPointer<T>) {
      new (place_) T(std::make_unique<typename T::element_type>());
    } else {
      new (place_) T{};
    }
  });
}

void Accumulator::copy(const Accumulator& other) const {
  with_type(kind_, [&]<typename T>(std::type_identity<T>) {
    const T& from = other.at<T>();
    if constexpr (std::is_same_v<T, Edge>) {
      new (place_) Edge{from.value ? std::make_unique<Value>(*from.value) : nullptr, from.order};
    } else if constexpr (kBehindPointer<T>) {
      new (place_) T(std::make_unique<typename T::element_type>(*from));
    } else {
      new (place_) T(from);
    }
  });
}

void Accumulator::destroy() const {
  with_type(kind_, [this]<typename T>(std::type_identity<T>) { at<T>().~T(); });
}

Accumulators::Accumulators(std::span<const Slot> slots) {
  if (slots.empty()) return;
  std::size_t bytes = header_bytes(slots.size());
  for (const Slot& slot : slots) bytes += Accumulator::size_of(slot.kind);
  memory_ = std::make_unique_for_overwrite<std::byte[]>(bytes);
  const auto count = static_cast<Count>(slots.size());
  std::memcpy(memory_.get(), &count, sizeof(count));
  for (std::size_t i = 0; i < slots.size(); ++i)
    memory_[sizeof(Count) + i] = static_cast<std::byte>(slots[i].kind);
  each([](std::size_t, const Accumulator& one) { one.create(); });
}

Accumulators::Accumulators(const Accumulators& other) {
  if (!other.memory_) return;
  std::size_t bytes = header_bytes(other.size());
  const std::size_t header = bytes;
  for (std::size_t i = 0; i < other.size(); ++i) bytes += Accumulator::size_of(other.kind(i));
  memory_ = std::make_unique_for_overwrite<std::byte[]>(bytes);
  std::copy_n(other.memory_.get(), header, memory_.get());
  const std::byte* before = other.states();
  each([&](std::size_t, const Accumulator& one) {
    one.copy(Accumulator(one.kind_, const_cast<std::byte*>(before + (one.place_ - states()))));
  });
}

Accumulators& Accumulators::operator=(Accumulators&& other) noexcept {
  if (this == &other) return *this;
  clear();
  memory_ = std::move(other.memory_);
  return *this;
}

std::size_t Accumulators::size() const {
  Count count = 0;
  if (memory_) std::memcpy(&count, memory_.get(), sizeof(count));
  return count;
}

std::byte* Accumulators::states() const {
  return memory_ ? memory_.get() + header_bytes(size()) : nullptr;
}

Accumulator Accumulators::operator[](std::size_t place) const {
  std::byte* state = states();
  for (std::size_t i = 0; i < place; ++i) state += Accumulator::size_of(kind(i));
  return {kind(place), state};
}

void Accumulators::clear() {
  each([](std::size_t, const Accumulator& one) { one.destroy(); });
  memory_.reset();
}

struct Accumulator::Write {
  StateWriter& out;

  void operator()(const Tally& tally) const { out.natural(tally.count); }
  void operator()(const Sum& sum) const {
    out.natural(sum.count);
    out.integer(sum.high);
    out.natural(sum.low);
    out.flag(sum.mixed != 0);
    if (sum.mixed != 0) out.real(sum.real), out.real(sum.lost);
  }
  void operator()(const Extreme& extreme) const {
    out.flag(!extreme.empty());
    if (!extreme.empty()) out.number(extreme.value);
  }
  void operator()(const Edge& edge) const {
    out.flag(edge.value != nullptr);
    if (edge.value) out.natural(edge.order), out.value(*edge.value);
  }
  void operator()(const Moments& moments) const {
    out.natural(moments.count);
    out.real(moments.mean);
    out.real(moments.squares);
  }
  void operator()(const std::unique_ptr<QuantileSketch>& sketch) const { sketch->encode(out); }
  void operator()(const std::unique_ptr<Items>& items) const {
    out.flag(items->truncated);
    out.natural(items->items.size());
    std::uint64_t before = 0;
    for (const Items::Item& item : items->items) {
      out.natural(item.order - std::exchange(before, item.order));
      out.natural(item.size);
      out.value(item.value);
    }
  }
  void operator()(const std::unique_ptr<Different>& different) const {
    out.flag(different->truncated);
    out.natural(different->entries.size());
    std::uint64_t before = 0;
    for (const Different::Entry& entry : different->entries) {
      out.natural(entry.order - std::exchange(before, entry.order));
      out.natural(entry.size);
      out.fixed(entry.value.high);
      out.fixed(entry.value.low);
    }
  }
};

struct Accumulator::Load {
  StateReader& in;

  void operator()(Tally& tally) const { tally.count = in.natural(); }
  void operator()(Sum& sum) const {
    sum.count = in.natural() & (~std::uint64_t{0} >> 1);
    sum.high = in.integer();
    sum.low = in.natural();
    sum.mixed = in.flag() ? 1 : 0;
    if (sum.mixed != 0) sum.real = in.real(), sum.lost = in.real();
  }
  void operator()(Extreme& extreme) const {
    if (in.flag()) extreme.value = in.number();
  }
  void operator()(Edge& edge) const {
    if (!in.flag()) return;
    edge.order = in.natural();
    edge.value = std::make_unique<Value>(in.value());
  }
  void operator()(Moments& moments) const {
    moments.count = in.natural();
    moments.mean = in.real();
    moments.squares = in.real();
  }
  void operator()(std::unique_ptr<QuantileSketch>& sketch) const { *sketch = QuantileSketch::decode(in); }
  void operator()(std::unique_ptr<Items>& items) const {
    items->truncated = in.flag();
    std::uint64_t order = 0;
    for (std::size_t left = in.count(3); left > 0 && in.ok(); --left) {
      order += in.natural();
      const auto size = static_cast<std::size_t>(in.natural());
      items->items.push_back({order, size, in.value()});
      items->bytes += size;
    }
  }
  void operator()(std::unique_ptr<Different>& different) const {
    constexpr Limits kNone{~std::size_t{0}, ~std::size_t{0}};
    const bool truncated = in.flag();
    std::uint64_t order = 0;
    for (std::size_t left = in.count(18); left > 0 && in.ok(); --left) {
      order += in.natural();
      const auto size = static_cast<std::size_t>(in.natural());
      const std::uint64_t high = in.fixed();
      different->insert({{high, in.fixed()}, order, size}, kNone);
    }
    different->truncated = truncated;
  }
};

void Accumulator::encode(StateWriter& writer) const {
  visit(Write{writer});
}

void Accumulator::decode(StateReader& reader) {
  visit(Load{reader});
}

}  // namespace sundial::rules
