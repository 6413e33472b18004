// The open table against a set, with hashes that collide.
#include "agent/core/rules/open_table.hpp"

#include <random>
#include <set>

#include <gtest/gtest.h>

namespace sundial::rules {
namespace {

// `homes`: how many different hashes there are.
void compare_with_a_set(std::size_t homes) {
  const auto hash_of = [homes](int item) { return static_cast<std::size_t>(item) % homes; };
  std::mt19937 random(static_cast<unsigned>(homes));
  OpenTable<int> table;
  std::set<int> expected;
  for (int step = 0; step < 5'000; ++step) {
    const int item = static_cast<int>(random() % 60) + 1;
    const bool in = expected.count(item) > 0;
    EXPECT_EQ(table.find(hash_of(item), [item](int other) { return other == item; }), in ? item : 0);
    if (in) {
      table.erase(item, hash_of);
      expected.erase(item);
    } else {
      table.insert(item, hash_of);
      expected.insert(item);
    }
    ASSERT_EQ(table.size(), expected.size());
  }
}

TEST(OpenTable, AgreesWithASet) {
  for (const std::size_t homes : {1U, 3U, 16U, 61U}) compare_with_a_set(homes);
}

// The last slots are home to more than fit: they go on at the beginning.
TEST(OpenTable, GoesRoundItsEnd) {
  const auto hash_of = [](int) { return std::size_t{15}; };
  OpenTable<int> table;
  for (int item = 1; item <= 6; ++item) table.insert(item, hash_of);
  for (int item = 1; item <= 6; ++item) {
    for (int other = 1; other <= 6; ++other) {
      EXPECT_EQ(table.find(15, [other](int one) { return one == other; }), other < item ? 0 : other);
    }
    table.erase(item, hash_of);
  }
}

}  // namespace
}  // namespace sundial::rules
