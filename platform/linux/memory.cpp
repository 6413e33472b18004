// What the process keeps of its memory.
#include "platform/linux/memory.hpp"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

namespace sundial {
namespace {

// Addresses in its code were filled in at the start: what lies in memory is not what the file holds.
bool is_relocated(const dl_phdr_info& object) {
  for (int i = 0; i < object.dlpi_phnum; ++i) {
    if (object.dlpi_phdr[i].p_type != PT_DYNAMIC) continue;
    const auto* entry = reinterpret_cast<const ElfW(Dyn)*>(object.dlpi_addr + object.dlpi_phdr[i].p_vaddr);
    for (; entry->d_tag != DT_NULL; ++entry) {
      if (entry->d_tag == DT_TEXTREL) return true;
    }
  }
  return false;
}

// A part of the file that nobody may write is the same in memory as on the disk; one that was relocated at
// the start lies in a part that may be written, whatever its pages are protected with since.
int forget_constant_parts(dl_phdr_info* object, std::size_t, void*) {
  if (is_relocated(*object)) return 0;
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& part = object->dlpi_phdr[i];
    if (part.p_type != PT_LOAD || (part.p_flags & PF_W) != 0) continue;
    const std::uintptr_t begin = (object->dlpi_addr + part.p_vaddr) / page * page;
    const std::uintptr_t end = (object->dlpi_addr + part.p_vaddr + part.p_filesz) / page * page;
    if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  }
  return 0;
}

}  // namespace

void keep_heaps_few() {
  constexpr int kHeaps = 2;
  ::mallopt(M_ARENA_MAX, kHeaps);
}

void give_back_free_memory() {
  ::malloc_trim(0);
}

void give_back_start_memory() {
  ::malloc_trim(0);
  ::dl_iterate_phdr(forget_constant_parts, nullptr);
}

}  // namespace sundial
