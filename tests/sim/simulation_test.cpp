// The whole agent through thousands of seeded lives: crashes at any step, power cuts, full and failing
// disks, broken links and lost answers; what was acknowledged happens once. SUNDIAL_SIM_SEEDS and
// SUNDIAL_SIM_FIRST choose the runs.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "tests/sim/simulation.hpp"

namespace sundial::sim {
namespace {

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST(Simulation, KeepsItsPromisesThroughEverySeed) {
  const std::uint64_t first = from_environment("SUNDIAL_SIM_FIRST", 1);
  const std::uint64_t seeds = from_environment("SUNDIAL_SIM_SEEDS", 100);
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    ASSERT_EQ(Simulation(seed, Plant::none).run(), "")
        << "seed " << seed << "; again: SUNDIAL_SIM_FIRST=" << seed << " SUNDIAL_SIM_SEEDS=1";
  }
}

class PlantedBug : public testing::TestWithParam<Plant> {};

TEST_P(PlantedBug, IsFound) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    const std::string found = Simulation(seed, GetParam()).run();
    if (!found.empty()) {
      std::cout << "seed " << seed << ": " << found << "\n";
      return;
    }
  }
  FAIL() << "300 seeds did not find it";
}

INSTANTIATE_TEST_SUITE_P(EachOf, PlantedBug,
                         testing::Values(Plant::acknowledge_before_commit,
                                         Plant::acknowledge_what_was_refused, Plant::forgotten_packet_ids,
                                         Plant::fresh_request_id, Plant::delete_before_answer,
                                         Plant::sync_left_out, Plant::position_not_committed,
                                         Plant::records_not_committed, Plant::removals_not_committed,
                                         Plant::state_not_committed));

}  // namespace
}  // namespace sundial::sim
