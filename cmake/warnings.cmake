# Warnings for our own code only. Presets turn them into errors; a plain build by a packager does not.
option(SUNDIAL_WARNINGS_AS_ERRORS "Fail on the first warning" OFF)

add_library(sundial_flags INTERFACE)
target_compile_options(sundial_flags INTERFACE
  -Wall -Wextra -Wpedantic      # the common ground of both compilers
  -Wshadow                      # a shadowed name reads as the outer one
  -Wconversion                  # a narrowed number is a wrong due time or a wrong length
  -Wold-style-cast              # a cast that can't be searched for
  -Wcast-qual                   # const is a promise
  -Wnon-virtual-dtor            # ports are deleted through their interface
  -Woverloaded-virtual          # an override that overrides nothing
  -Wimplicit-fallthrough        # a switch without default must be complete on purpose
  -Wformat=2)                   # format strings are constants
if(SUNDIAL_WARNINGS_AS_ERRORS)
  target_compile_options(sundial_flags INTERFACE -Werror)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 reports std::variant and std::optional members as maybe uninitialised when it inlines
  # their destructors at -O2 (GCC bug 105562); the sanitizers would find a real one.
  target_compile_options(sundial_flags INTERFACE -Wno-maybe-uninitialized)
endif()
