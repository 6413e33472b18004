// Varints, texts and values of the state.
#include "agent/core/rules/state_codec.hpp"

#include <bit>

namespace sundial::rules {
namespace {

enum class Tag : std::uint8_t {
  null,
  no,
  yes,
  integer,
  natural,
  real,
  text,
  bytes,
  list,
  map,
  timestamp,
  span,
  type,
  verbatim,
};
constexpr int kMaxDepth = 128;

void write_value(StateWriter& writer, const Value& value) {
  writer.value(value);
}

struct ValueWriter {
  StateWriter& out;

  void tag(Tag tag) const { out.byte(static_cast<std::uint8_t>(tag)); }
  void operator()(const Null&) const { tag(Tag::null); }
  void operator()(bool value) const { tag(value ? Tag::yes : Tag::no); }
  void operator()(std::int64_t value) const { tag(Tag::integer), out.integer(value); }
  void operator()(std::uint64_t value) const { tag(Tag::natural), out.natural(value); }
  void operator()(double value) const { tag(Tag::real), out.real(value); }
  void operator()(const std::string& value) const { tag(Tag::text), out.text(value); }
  void operator()(const Bytes& value) const { tag(Tag::bytes), out.text(value.data); }
  void operator()(const List& value) const {
    tag(Tag::list), out.natural(value.size());
    for (const Value& element : value) write_value(out, element);
  }
  void operator()(const Map& value) const {
    tag(Tag::map), out.natural(value.size());
    for (const auto& [key, member] : value) write_value(out, key), write_value(out, member);
  }
  void operator()(const Timestamp& value) const {
    tag(Tag::timestamp), out.integer(value.seconds), out.integer(value.nanos);
  }
  void operator()(const TimeSpan& value) const {
    tag(Tag::span), out.integer(value.seconds), out.integer(value.nanos);
  }
  void operator()(const TypeName& value) const { tag(Tag::type), out.text(value.name); }
  void operator()(const Verbatim& value) const { tag(Tag::verbatim), out.text(value.json); }
};

}  // namespace

void StateWriter::natural(std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) byte(static_cast<std::uint8_t>(value | 0x80));
  byte(static_cast<std::uint8_t>(value));
}

void StateWriter::integer(std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  natural(value < 0 ? ~(bits << 1) : bits << 1);
}

void StateWriter::fixed(std::uint64_t value) {
  for (int shift = 0; shift < 64; shift += 8) byte(static_cast<std::uint8_t>(value >> shift));
}

void StateWriter::real(double value) {
  fixed(std::bit_cast<std::uint64_t>(value));
}

void StateWriter::text(std::string_view value) {
  natural(value.size());
  bytes_ += value;
}

void StateWriter::number(const Number& value) {
  flag(value.whole());
  value.whole() ? integer(value.integer()) : real(value.real());
}

// Payloads have at most json::kMaxDepth levels, and so has what expressions make of them.
void StateWriter::value(const Value& value) {
  std::visit(ValueWriter{*this}, value.variant());
}

std::uint8_t StateReader::byte() {
  if (!ok_ || rest_.empty()) {
    ok_ = false;
    return 0;
  }
  const auto first = static_cast<std::uint8_t>(rest_.front());
  rest_.remove_prefix(1);
  return first;
}

std::uint64_t StateReader::natural() {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const std::uint8_t next = byte();
    value |= static_cast<std::uint64_t>(next & 0x7f) << shift;
    if ((next & 0x80) == 0) return ok_ ? value : 0;
  }
  ok_ = false;
  return 0;
}

std::int64_t StateReader::integer() {
  const std::uint64_t bits = natural();
  return static_cast<std::int64_t>((bits >> 1) ^ (0 - (bits & 1)));
}

std::uint64_t StateReader::fixed() {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 8) value |= static_cast<std::uint64_t>(byte()) << shift;
  return ok_ ? value : 0;
}

double StateReader::real() {
  return std::bit_cast<double>(fixed());
}

std::string_view StateReader::text() {
  const std::size_t size = count();
  const std::string_view found = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return found;
}

Number StateReader::number() {
  return flag() ? Number(integer()) : Number(real());
}

std::size_t StateReader::count(std::size_t least) {
  const std::uint64_t size = natural();
  if (size > rest_.size() / least) ok_ = false;
  return ok_ ? static_cast<std::size_t>(size) : 0;
}

Value StateReader::value(int depth) {
  if (depth > kMaxDepth) ok_ = false;
  switch (const auto tag = static_cast<Tag>(byte()); tag) {
    case Tag::null:
      return Null{};
    case Tag::no:
      return false;
    case Tag::yes:
      return true;
    case Tag::integer:
      return integer();
    case Tag::natural:
      return natural();
    case Tag::real:
      return real();
    case Tag::text:
      return text();
    case Tag::bytes:
      return Bytes{std::string(text())};
    case Tag::list: {
      List list;
      for (std::size_t left = count(); left > 0 && ok_; --left) list.push_back(value(depth + 1));
      return list;
    }
    case Tag::map: {
      Map map;
      for (std::size_t left = count(2); left > 0 && ok_; --left) {
        Value key = value(depth + 1);
        map.append(std::move(key), value(depth + 1));
      }
      return map;
    }
    case Tag::timestamp: {
      const std::int64_t seconds = integer();
      return Timestamp{seconds, static_cast<std::int32_t>(integer())};
    }
    case Tag::span: {
      const std::int64_t seconds = integer();
      return TimeSpan{seconds, static_cast<std::int32_t>(integer())};
    }
    case Tag::type:
      return TypeName{std::string(text())};
    case Tag::verbatim:
      return Verbatim{std::string(text())};
  }
  ok_ = false;
  return Null{};
}

}  // namespace sundial::rules
