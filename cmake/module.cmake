# One function declares a room: its files and the rooms that it may use. These lists are the only
# declaration of the architecture; scripts/check-layers compares them with the include lines.

# The name of the library that a folder builds: agent/core/rules -> agent_core_rules.
function(sundial_target_name folder result)
  string(REPLACE "/" "_" name "${folder}")
  set(${result} "${name}" PARENT_SCOPE)
endfunction()

# A preset may compile the files of a target in batches (CMAKE_UNITY_BUILD), in half the time. Those named
# by APART keep to themselves: a name of their own stands in another file of the target too.
function(sundial_keep_apart)
  if(ARGN)
    set_source_files_properties(${ARGN} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  endif()
endfunction()

# A release is compiled for size. Files through which each message or due time goes are compiled for speed
# (docs/PERFORMANCE.md says what both give).
function(sundial_compile_for_speed)
  if(ARGN)
    set_source_files_properties(${ARGN} PROPERTIES COMPILE_OPTIONS $<$<CONFIG:Release>:-O2>)
  endif()
endfunction()

# sundial_module(SOURCES a.cpp b.cpp  USES platform/base agent/core/model  LIBRARIES re2::re2)
# A folder without SOURCES is a library of headers only. LIBRARIES are seen by this folder's own
# files alone, so that a library's header can't leak into another room. HOT and APART name some of the
# SOURCES: those to compile for speed, and those to keep out of batches.
function(sundial_module)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "" "SOURCES;HOT;APART;USES;LIBRARIES")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "sundial_module: what is '${arg_UNPARSED_ARGUMENTS}'?")
  endif()
  file(RELATIVE_PATH folder ${CMAKE_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
  sundial_target_name(${folder} target)
  set(used)
  foreach(use IN LISTS arg_USES)
    sundial_target_name(${use} name)
    list(APPEND used ${name})
  endforeach()
  if(arg_SOURCES)
    add_library(${target} STATIC ${arg_SOURCES})
    target_include_directories(${target} PUBLIC ${CMAKE_SOURCE_DIR})
    target_link_libraries(${target} PUBLIC ${used} PRIVATE ${arg_LIBRARIES} sundial_flags)
    sundial_keep_apart(${arg_APART})
    sundial_compile_for_speed(${arg_HOT})
  else()
    add_library(${target} INTERFACE)
    target_include_directories(${target} INTERFACE ${CMAKE_SOURCE_DIR})
    target_link_libraries(${target} INTERFACE ${used})
  endif()
endfunction()

# sundial_test(NAME unit_schedule LAYER unit SOURCES a_test.cpp USES agent/core/schedule)
# One GoogleTest program; LAYER is the ctest label that `scripts/test LAYER` picks.
function(sundial_test)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "NAME;LAYER;TIMEOUT" "SOURCES;APART;USES;LIBRARIES")
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  if(CMAKE_CROSSCOMPILING OR SUNDIAL_SANITIZE)
    math(EXPR arg_TIMEOUT "${arg_TIMEOUT} * 10")  # instruction by instruction under emulation, or each access checked
  endif()
  add_executable(${arg_NAME} ${arg_SOURCES})
  sundial_keep_apart(${arg_APART})
  foreach(use IN LISTS arg_USES)
    sundial_target_name(${use} name)
    target_link_libraries(${arg_NAME} PRIVATE ${name})
  endforeach()
  target_include_directories(${arg_NAME} PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(${arg_NAME} PRIVATE ${arg_LIBRARIES} GTest::gtest_main sundial_flags)
  # Tests run in the source folder: no path of a machine gets into an object, so a compiler cache can serve them.
  target_compile_definitions(${arg_NAME} PRIVATE SUNDIAL_TEST_DATA="tests/data")
  add_test(NAME ${arg_NAME} COMMAND ${arg_NAME} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(${arg_NAME} PROPERTIES LABELS ${arg_LAYER} TIMEOUT ${arg_TIMEOUT})
endfunction()
