# Writes files as string constants into one C++ source, without a tool that CMake does not bring.
#   cmake -DOUTPUT=page_files.cpp -DHEADER=agent/api/page_files.hpp -DNAMESPACE=sundial::api
#         "-DFILES=kPageHtml=/path/index.html|kPageStyle=/path/app.css" -P cmake/embed.cmake
set(text "// Made by cmake/embed.cmake.\n#include \"${HEADER}\"\n\nnamespace ${NAMESPACE} {\n\n")
string(REPLACE "|" ";" entries "${FILES}")
foreach(entry IN LISTS entries)
  string(REGEX MATCH "^([^=]+)=(.+)$" whole "${entry}")
  set(name "${CMAKE_MATCH_1}")
  file(READ "${CMAKE_MATCH_2}" hex HEX)
  # Numbers, since a string literal's length is bounded and its escapes depend on what follows.
  string(REGEX REPLACE "(................................)" "\\1\n    " lines "${hex}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${lines}")
  string(APPEND text "static const char ${name}Bytes[] = {\n    ${bytes}};\n"
                     "const std::string_view ${name}(${name}Bytes, sizeof ${name}Bytes);\n\n")
endforeach()
string(APPEND text "}  // namespace ${NAMESPACE}\n")
file(WRITE "${OUTPUT}" "${text}")
