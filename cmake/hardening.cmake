# What a release is compiled with beside -Os: the agent takes bytes from strangers.
if(SUNDIAL_HARDENED)
  set(CMAKE_POSITION_INDEPENDENT_CODE ON)
  add_compile_options(
    -fstack-protector-strong      # a smashed stack ends the process, not the owner's trust
    -fstack-clash-protection      # a large frame can't jump over the guard page
    -D_FORTIFY_SOURCE=3           # bounds of libc calls, also of buffers whose size is known only at run time
    -D_GLIBCXX_ASSERTIONS         # operator[] and front() are checked
    -ffile-prefix-map=${CMAKE_SOURCE_DIR}=.  # the same bytes wherever it is built
    -ffunction-sections -fdata-sections)
  add_link_options(-pie -Wl,-z,relro,-z,now -Wl,-z,noexecstack -Wl,--gc-sections -Wl,--as-needed
    -flto-partition=one -Wl,-O2)  # seen as one, with its texts merged at their ends, the program is smaller
endif()
