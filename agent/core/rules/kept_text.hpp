// Bytes that a key keeps, behind eight bytes: there are a hundred thousand of them, and most change often.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace sundial::rules {

class KeptText {
 public:
  KeptText() = default;
  KeptText(const KeptText& other) { assign(other.view()); }
  KeptText(KeptText&&) noexcept = default;
  KeptText& operator=(const KeptText& other) {
    if (this != &other) assign(other.view());
    return *this;
  }
  KeptText& operator=(KeptText&&) noexcept = default;
  ~KeptText() = default;

  std::string_view view() const {
    return bytes_ ? std::string_view(bytes_.get() + sizeof(Size), size()) : std::string_view{};
  }
  std::size_t size() const {
    Size size = 0;
    if (bytes_) std::memcpy(&size, bytes_.get(), sizeof(Size));
    return size;
  }

  // A text of the same length takes the place of the old one.
  void assign(std::string_view text) {
    if (text.empty()) return clear();
    if (text.size() != size()) bytes_ = std::make_unique_for_overwrite<char[]>(sizeof(Size) + text.size());
    const auto size = static_cast<Size>(text.size());
    std::memcpy(bytes_.get(), &size, sizeof(Size));
    std::copy(text.begin(), text.end(), bytes_.get() + sizeof(Size));
  }
  void clear() { bytes_.reset(); }

 private:
  using Size = std::uint32_t;

  std::unique_ptr<char[]> bytes_;
};

}  // namespace sundial::rules
