# 64-bit Raspberry Pi OS and Debian arm64: Pi 3, 4, 5 and Zero 2 W.
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(SUNDIAL_TRIPLET aarch64-linux-gnu)
set(SUNDIAL_ARCHITECTURE arm64)
set(SUNDIAL_EMULATOR qemu-aarch64)
include(${CMAKE_CURRENT_LIST_DIR}/debian-sysroot.cmake)
