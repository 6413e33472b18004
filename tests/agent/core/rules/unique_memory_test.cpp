// What `unique` has seen of a key: its ring, and its pieces on the way to the disk and back.
#include "agent/core/rules/unique_memory.hpp"

#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace sundial::rules {
namespace {

Fingerprint value(std::uint64_t number) {
  return {number * 7'919, number};
}

UniqueMemory with(std::uint64_t count) {
  UniqueMemory memory;
  for (std::uint64_t number = 1; number <= count; ++number) memory.add(value(number), number);
  return memory;
}

// By its row and the rows of its pieces, of which one may be lost.
UniqueMemory read_again(const UniqueMemory& memory, std::optional<std::size_t> lost = std::nullopt) {
  StateWriter row;
  memory.encode(row);
  const std::string bytes = row.take();
  StateReader in(bytes);
  UniqueMemory read = UniqueMemory::decode(in);
  EXPECT_TRUE(in.done());
  for (std::size_t piece = 0; piece < memory.pieces(); ++piece) {
    if (piece == lost) continue;
    StateWriter out;
    memory.encode_piece(piece, out);
    const std::string piece_bytes = out.take();
    StateReader piece_in(piece_bytes);
    read.decode_piece(piece, piece_in);
    EXPECT_TRUE(piece_in.done());
  }
  read.begin();
  return read;
}

void expect_exactly(const UniqueMemory& memory, std::uint64_t first, std::uint64_t last) {
  EXPECT_EQ(memory.size(), last - first + 1);
  EXPECT_EQ(memory.first_order(), first);
  EXPECT_EQ(memory.last_order(), last);
  for (std::uint64_t number = 1; number <= last + 1; ++number) {
    EXPECT_EQ(memory.contains(value(number)), first <= number && number <= last) << number;
  }
}

TEST(UniqueMemory, AFullRingForgetsTheFirstSeen) {
  UniqueMemory memory = with(kUniqueOfKey);
  EXPECT_TRUE(memory.add(value(kUniqueOfKey + 1), kUniqueOfKey + 1));
  expect_exactly(memory, 2, kUniqueOfKey + 1);
  expect_exactly(read_again(memory), 2, kUniqueOfKey + 1);
}

TEST(UniqueMemory, WhatIsForgottenMakesRoomInTheRing) {
  UniqueMemory memory = with(40);
  for (int i = 0; i < 10; ++i) memory.forget_first();
  expect_exactly(memory, 11, 40);
  expect_exactly(read_again(memory), 11, 40);
  for (std::uint64_t number = 41; number <= 45; ++number) EXPECT_FALSE(memory.add(value(number), number));
  expect_exactly(memory, 11, 45);
  UniqueMemory read = read_again(memory);
  expect_exactly(read, 11, 45);
  // The ring grows again where all its places are taken.
  for (std::uint64_t number = 46; number <= 60; ++number) EXPECT_FALSE(read.add(value(number), number));
  expect_exactly(read, 11, 60);
  expect_exactly(read_again(read), 11, 60);
}

TEST(UniqueMemory, WhereAllIsForgottenItIsAsNew) {
  UniqueMemory memory = with(3);
  for (int i = 0; i < 3; ++i) memory.forget_first();
  EXPECT_EQ(memory.size(), 0U);
  EXPECT_EQ(memory.pieces(), 0U);
  EXPECT_FALSE(memory.add(value(9), 9));
  EXPECT_TRUE(memory.contains(value(9)));
}

TEST(UniqueMemory, OnlyThePiecesThatChangedAreWritten) {
  UniqueMemory memory = with(40);
  memory.take_changed();
  memory.add(value(41), 41);
  EXPECT_EQ(memory.take_changed(), 1U << 2U);
  memory.forget_first();
  EXPECT_EQ(memory.take_changed(), 1U << 0U);
}

// Which values were seen first can't be told any more.
TEST(UniqueMemory, APieceThatIsLostInTheMiddleTakesTheMemoryWithIt) {
  const UniqueMemory memory = with(40);
  EXPECT_EQ(read_again(memory, 1).size(), 0U);
  EXPECT_EQ(read_again(memory, 0).size(), 0U);
}

}  // namespace
}  // namespace sundial::rules
