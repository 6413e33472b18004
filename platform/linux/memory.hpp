// Memory that only the start of the program needed.
#pragma once

namespace sundial {

// Gives it back to the system: free heap, and the pages of code and constants, which come back from their
// files one by one as they are used. What was there for reading the configuration and setting up TLS stays
// away.
void give_back_start_memory();

}  // namespace sundial
