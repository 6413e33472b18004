// Memory that only the start needed is given back, and nothing else is lost.
#include "platform/linux/memory.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "platform/json/json.hpp"

namespace sundial {
namespace {

// Pages of files that this process has mapped and touched.
long file_pages() {
  long all = 0, resident = 0, shared = 0;
  std::ifstream("/proc/self/statm") >> all >> resident >> shared;
  return shared;
}

TEST(StartMemory, IsGivenBackAndEverythingGoesOn) {
  static std::string changed = "before";
  changed = "since the start";
  const long before = file_pages();
  give_back_start_memory();
  EXPECT_LT(file_pages(), before);
  EXPECT_EQ(changed, "since the start");
  const auto value = json::parse(R"({"still":[1,2.5,"here"]})");
  ASSERT_TRUE(value);
  EXPECT_EQ(json::write(*value), R"({"still":[1,2.5,"here"]})");
}

}  // namespace
}  // namespace sundial
