// Cuts the connections to a broker under Paho, which has no way to leave a message unacknowledged.
#pragma once

#include <cstdint>
#include <string>

namespace sundial::adapters {

// Shuts down every socket of this process whose peer listens on the port of this address, so that
// nothing more can be written to it; false where there is none.
bool sever(const std::string& paho_address);

}  // namespace sundial::adapters
