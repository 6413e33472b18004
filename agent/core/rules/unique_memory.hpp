// The values that `unique` has seen of a key: the last 1,000 different ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "agent/core/rules/fingerprint.hpp"
#include "agent/core/rules/state_codec.hpp"

namespace sundial::rules {

inline constexpr std::size_t kUniqueOfKey = 1'000;
inline constexpr std::size_t kUniqueOfRule = 1'000'000;

// A ring: a new value takes the place of the one first seen. It is kept on disk in pieces, so that a message
// costs the writing of one piece, not of all that was seen.
class UniqueMemory {
 public:
  bool contains(const Fingerprint& value) const;
  // `order` is the value's place in the order of the whole rule. Says whether another one left.
  bool add(const Fingerprint& value, std::uint64_t order);
  void forget_first();

  std::size_t size() const { return entries_.size() - forgotten_; }
  std::uint64_t first_order() const { return entries_[first_].order; }
  std::uint64_t last_order() const;

  // The ring's measures go with the key's own row; its pieces have rows of their own.
  void encode(StateWriter& writer) const;
  static UniqueMemory decode(StateReader& reader);
  static constexpr std::size_t kMostPieces = 64;
  std::size_t pieces() const { return (entries_.size() + kOfPiece - 1) / kOfPiece; }
  void encode_piece(std::size_t piece, StateWriter& writer) const;
  void decode_piece(std::size_t piece, StateReader& reader);
  // After the last piece was read: what is not whole is forgotten.
  void begin();
  // A bit for each piece that changed since the last call, gone ones among them.
  std::uint64_t take_changed() { return std::exchange(changed_, 0); }

 private:
  static constexpr std::size_t kOfPiece = 16;
  static_assert((kUniqueOfKey + kOfPiece - 1) / kOfPiece <= kMostPieces, "a bit for each piece");

  struct Entry {
    Fingerprint value;
    std::uint64_t order = 0;  // 0: forgotten
  };

  void set(std::size_t place, const Entry& entry);
  void change(std::size_t place) { changed_ |= std::uint64_t{1} << (place / kOfPiece); }
  void change_all();

  std::vector<Entry> entries_;
  std::size_t first_ = 0;
  std::size_t forgotten_ = 0;
  std::uint64_t changed_ = 0;
};

}  // namespace sundial::rules
