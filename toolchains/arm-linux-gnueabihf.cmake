# 32-bit Raspberry Pi OS on ARMv7 and later: Pi 2, 3, 4, 5 and Zero 2 W. Debian's armhf code does not
# run on ARMv6, so a Pi 1, Zero and Zero W are not served.
set(CMAKE_SYSTEM_PROCESSOR armv7l)
set(SUNDIAL_TRIPLET arm-linux-gnueabihf)
set(SUNDIAL_ARCHITECTURE armhf)
set(SUNDIAL_EMULATOR qemu-arm)
# GCC tells at each use that it passes some classes differently than before version 7; nothing older is linked.
set(CMAKE_CXX_FLAGS_INIT -Wno-psabi)
include(${CMAKE_CURRENT_LIST_DIR}/debian-sysroot.cmake)
