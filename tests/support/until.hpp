// Waiting for what tells nobody that it has happened: another program that starts, a server's list that
// follows later.
#pragma once

#include <chrono>
#include <thread>

namespace sundial::testing_support {

// Asks again and again, and says whether the answer became true; gives up only where something is broken.
template <typename Question>
bool until(Question question, std::chrono::seconds patience = std::chrono::seconds(60)) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!question()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

}  // namespace sundial::testing_support
