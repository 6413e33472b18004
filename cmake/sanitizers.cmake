# Sanitizers and coverage apply to every object, so that their runtimes see all of them.
if(SUNDIAL_SANITIZE)
  add_compile_options(-fsanitize=${SUNDIAL_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${SUNDIAL_SANITIZE})
endif()
if(SUNDIAL_COVERAGE)
  add_compile_options(--coverage)
  add_link_options(--coverage)
endif()
