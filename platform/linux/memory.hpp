// What the process keeps of its memory, though it needs it no more.
#pragma once

namespace sundial {

// Before other threads begin: each would have a heap of its own, and what is made by one and freed by another
// leaves holes in all of them. One heap for the main thread, one for the others.
void keep_heaps_few();

// The holes in the heaps.
void give_back_free_memory();

// Memory that only the start of the program needed: free heap, and the pages of code and constants, which
// come back from their files one by one as they are used. What was there for reading the configuration and
// setting up TLS stays away.
void give_back_start_memory();

}  // namespace sundial
