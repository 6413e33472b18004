# What the targets share: Debian's cross compiler against a sysroot that scripts/sysroot made.
set(CMAKE_SYSTEM_NAME Linux)

# Projects that CMake makes to try a compiler read this file again, without the cache.
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES SUNDIAL_SUITE SUNDIAL_SYSROOT)
if(NOT SUNDIAL_SUITE)
  set(SUNDIAL_SUITE bookworm)
endif()
if(NOT SUNDIAL_SYSROOT)
  get_filename_component(SUNDIAL_SYSROOT
    "${CMAKE_CURRENT_LIST_DIR}/../build/sysroot-${SUNDIAL_SUITE}-${SUNDIAL_ARCHITECTURE}" ABSOLUTE)
endif()
if(NOT EXISTS "${SUNDIAL_SYSROOT}/usr/include")
  message(FATAL_ERROR "no sysroot at ${SUNDIAL_SYSROOT}: run scripts/sysroot ${SUNDIAL_ARCHITECTURE} ${SUNDIAL_SUITE}")
endif()

set(CMAKE_SYSROOT "${SUNDIAL_SYSROOT}")
set(CMAKE_C_COMPILER ${SUNDIAL_TRIPLET}-gcc)
set(CMAKE_CXX_COMPILER ${SUNDIAL_TRIPLET}-g++)
set(CMAKE_LIBRARY_ARCHITECTURE ${SUNDIAL_TRIPLET})  # so that find_library looks in lib/<triplet>
set(CMAKE_FIND_ROOT_PATH "${SUNDIAL_SYSROOT}")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

set(ENV{PKG_CONFIG_DIR} "")
set(ENV{PKG_CONFIG_PATH} "")
set(ENV{PKG_CONFIG_LIBDIR} "${SUNDIAL_SYSROOT}/usr/lib/${SUNDIAL_TRIPLET}/pkgconfig:${SUNDIAL_SYSROOT}/usr/share/pkgconfig")
set(ENV{PKG_CONFIG_SYSROOT_DIR} "${SUNDIAL_SYSROOT}")

find_program(sundial_emulator NAMES ${SUNDIAL_EMULATOR}-static ${SUNDIAL_EMULATOR} NO_CMAKE_FIND_ROOT_PATH)
if(sundial_emulator)
  set(CMAKE_CROSSCOMPILING_EMULATOR "${sundial_emulator};-L;${SUNDIAL_SYSROOT}")
endif()
set(CPACK_DEBIAN_PACKAGE_ARCHITECTURE ${SUNDIAL_ARCHITECTURE})
