# The fuzz preset's compiler: the clang that `scripts/install-deps --dev` brings, under its versioned name.
find_program(sundial_clang NAMES clang-19 clang-14 clang REQUIRED)
find_program(sundial_clangxx NAMES clang++-19 clang++-14 clang++ REQUIRED)
set(CMAKE_C_COMPILER ${sundial_clang})
set(CMAKE_CXX_COMPILER ${sundial_clangxx})
