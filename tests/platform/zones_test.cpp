// Zones of the system: known ones are loaded once, unknown ones cost little in any number.
#include <string>

#include <gtest/gtest.h>

#include "platform/zones/zones.hpp"

namespace sundial {
namespace {

TEST(Zones, AreLoadedOnce) {
  const auto zones = system_zones();
  const auto berlin = zones->find("Europe/Berlin");
  ASSERT_TRUE(berlin);
  EXPECT_EQ((*berlin)->name(), "Europe/Berlin");
  EXPECT_EQ(berlin->get(), zones->find("Europe/Berlin")->get());
}

TEST(Zones, AnswerAStormOfUnknownNamesWithoutSearchingForEach) {
  const auto zones = system_zones();
  const auto mistyped = [&zones] { return zones->find("Europe/Berln").error().message(); };
  EXPECT_NE(mistyped().find("did you mean Europe/Berlin?"), std::string::npos);
  for (int i = 0; i < 200; ++i) {
    EXPECT_FALSE(zones->find("Europe/Nowhere" + std::to_string(i)));
  }
  EXPECT_NE(mistyped().find("there is no time zone 'Europe/Berln'; right is"), std::string::npos);
  EXPECT_TRUE(zones->find("America/New_York"));
}

}  // namespace
}  // namespace sundial
