// CBOR (RFC 8949), read in a loop: what is nested is kept by the builder, not by the call stack.
#include <bit>

#include "agent/core/decode/builder.hpp"
#include "agent/core/decode/decode.hpp"
#include "platform/base/text.hpp"

namespace sundial::decode {
namespace {

constexpr unsigned kIndefinite = 31;

class CborDecoder {
 public:
  explicit CborDecoder(std::string_view bytes) : reader_(bytes) {}

  Result<Value> run() {
    while (!builder_.is_done()) {
      if (Result<void> item = read_item(); !item) return item.error();
    }
    if (!reader_.empty()) return Error(ErrorKind::invalid, "the payload goes on behind its value");
    return builder_.take();
  }

 private:
  struct Head {
    unsigned major = 0;
    unsigned info = 0;
    std::uint64_t argument = 0;
  };

  std::optional<Head> read_head() {
    const auto first = reader_.byte();
    if (!first) return std::nullopt;
    Head head{static_cast<unsigned>(*first >> 5U), static_cast<unsigned>(*first & 31U), 0};
    head.argument = head.info;
    if (head.info >= 24 && head.info <= 27) {
      const auto argument = reader_.number(std::size_t{1} << (head.info - 24));
      if (!argument) return std::nullopt;
      head.argument = *argument;
    }
    return head;
  }

  Result<void> read_item() {
    const auto head = read_head();
    if (!head) return truncated();
    if (head->info > 27 && head->info < kIndefinite) return not_supported("a reserved length");
    const bool indefinite = head->info == kIndefinite;
    switch (head->major) {
      case 0:
      case 1:
        if (indefinite) return not_supported("an int without an end");
        after_tag_ = false;
        return builder_.add(whole_number(head->argument, head->major == 1));
      case 2:
      case 3:
        return read_string(*head);
      case 4:
      case 5:
        return open(*head);
      case 6:
        if (indefinite) return not_supported("a tag without an end");
        after_tag_ = true;  // its number is dropped, what it marks comes next
        return {};
      default:
        return read_simple(*head);
    }
  }

  Result<void> open(const Head& head) {
    after_tag_ = false;
    if (head.info == kIndefinite) return builder_.open(head.major == 5, std::nullopt);
    // An item takes a byte at least, so a longer list is a lie that must not cost memory.
    const std::uint64_t smallest = head.major == 5 ? 2 : 1;
    if (head.argument > reader_.left() / smallest) return truncated();
    return builder_.open(head.major == 5, head.argument);
  }

  Result<void> read_string(const Head& head) {
    after_tag_ = false;
    std::string whole;
    if (head.info != kIndefinite) {
      const auto bytes = reader_.take(head.argument);
      if (!bytes) return truncated();
      whole = *bytes;
    } else {
      while (true) {
        if (reader_.empty()) return truncated();
        if (reader_.peek() == 0xFF) break;
        const auto chunk = read_head();
        if (!chunk) return truncated();
        if (chunk->major != head.major || chunk->info > 27) return not_supported("a text of mixed pieces");
        const auto bytes = reader_.take(chunk->argument);
        if (!bytes) return truncated();
        if (head.major == 3 && !is_utf8(*bytes))
          return Error(ErrorKind::invalid, "a text is not valid UTF-8");
        whole += *bytes;
      }
      (void)reader_.byte();
    }
    if (head.major == 2) return builder_.add(Bytes{std::move(whole)});
    if (!is_utf8(whole)) return Error(ErrorKind::invalid, "a text is not valid UTF-8");
    return builder_.add(std::move(whole));
  }

  Result<void> read_simple(const Head& head) {
    const bool tagged = std::exchange(after_tag_, false);
    switch (head.info) {
      case 20:
        return builder_.add(false);
      case 21:
        return builder_.add(true);
      case 22:
      case 23:
        return builder_.add(Null{});
      case 25:
        return builder_.add(number_or_null(half_to_double(static_cast<std::uint16_t>(head.argument))));
      case 26:
        return builder_.add(number_or_null(std::bit_cast<float>(static_cast<std::uint32_t>(head.argument))));
      case 27:
        return builder_.add(number_or_null(std::bit_cast<double>(head.argument)));
      case kIndefinite:
        if (tagged || !builder_.close())
          return Error(ErrorKind::invalid, "an end stands where nothing is open");
        return {};
      default:
        return not_supported("a simple value of CBOR's own");
    }
  }

  Reader reader_;
  Builder builder_;
  bool after_tag_ = false;
};

}  // namespace

Result<Value> decode_cbor(std::string_view bytes) {
  return CborDecoder(bytes).run();
}

}  // namespace sundial::decode
