// MessagePack, read in a loop as CBOR is.
#include <bit>

#include "agent/core/decode/builder.hpp"
#include "agent/core/decode/decode.hpp"
#include "platform/base/text.hpp"

namespace sundial::decode {
namespace {

class MsgpackDecoder {
 public:
  explicit MsgpackDecoder(std::string_view bytes) : reader_(bytes) {}

  Result<Value> run() {
    while (!builder_.is_done()) {
      const auto tag = reader_.byte();
      if (!tag) return truncated();
      if (Result<void> item = read_item(*tag); !item) return item.error();
    }
    if (!reader_.empty()) return Error(ErrorKind::invalid, "the payload goes on behind its value");
    return builder_.take();
  }

 private:
  Result<void> read_item(unsigned tag) {
    if (tag < 0x80) return builder_.add(std::int64_t{tag});
    if (tag >= 0xE0) return builder_.add(std::int64_t{tag} - 256);
    if (tag < 0x90) return open(true, tag & 0x0FU);
    if (tag < 0xA0) return open(false, tag & 0x0FU);
    if (tag < 0xC0) return text(tag & 0x1FU);
    switch (tag) {
      case 0xC0:
        return builder_.add(Null{});
      case 0xC2:
        return builder_.add(false);
      case 0xC3:
        return builder_.add(true);
      case 0xC4:
      case 0xC5:
      case 0xC6:
        return bytes(reader_.number(std::size_t{1} << (tag - 0xC4)));
      case 0xCA:
      case 0xCB:
        return floating(tag == 0xCA ? 4 : 8);
      case 0xCC:
      case 0xCD:
      case 0xCE:
      case 0xCF:
        return whole(std::size_t{1} << (tag - 0xCC), false);
      case 0xD0:
      case 0xD1:
      case 0xD2:
      case 0xD3:
        return whole(std::size_t{1} << (tag - 0xD0), true);
      case 0xD9:
      case 0xDA:
      case 0xDB:
        return text(reader_.number(std::size_t{1} << (tag - 0xD9)));
      case 0xDC:
      case 0xDD:
        return open(false, reader_.number(std::size_t{2} << (tag - 0xDC)));
      case 0xDE:
      case 0xDF:
        return open(true, reader_.number(std::size_t{2} << (tag - 0xDE)));
      default:
        return not_supported("an extension of MessagePack");
    }
  }

  Result<void> whole(std::size_t size, bool is_signed) {
    const auto bits = reader_.number(size);
    if (!bits) return truncated();
    if (!is_signed) return builder_.add(whole_number(*bits, false));
    const auto shift = static_cast<unsigned>(64 - 8 * size);
    return builder_.add(static_cast<std::int64_t>(*bits << shift) >> shift);
  }

  Result<void> floating(std::size_t size) {
    const auto bits = reader_.number(size);
    if (!bits) return truncated();
    const double number =
        size == 4 ? std::bit_cast<float>(static_cast<std::uint32_t>(*bits)) : std::bit_cast<double>(*bits);
    return builder_.add(number_or_null(number));
  }

  Result<void> text(std::optional<std::uint64_t> size) {
    const auto found = size ? reader_.take(*size) : std::nullopt;
    if (!found) return truncated();
    if (!is_utf8(*found)) return Error(ErrorKind::invalid, "a text is not valid UTF-8");
    return builder_.add(*found);
  }

  Result<void> bytes(std::optional<std::uint64_t> size) {
    const auto found = size ? reader_.take(*size) : std::nullopt;
    if (!found) return truncated();
    return builder_.add(Bytes{std::string(*found)});
  }

  Result<void> open(bool is_map, std::optional<std::uint64_t> count) {
    // An item takes a byte at least, so a longer list is a lie that must not cost memory.
    if (!count || *count > reader_.left() / (is_map ? 2 : 1)) return truncated();
    return builder_.open(is_map, *count);
  }

  Reader reader_;
  Builder builder_;
};

}  // namespace

Result<Value> decode_msgpack(std::string_view bytes) {
  return MsgpackDecoder(bytes).run();
}

}  // namespace sundial::decode
