// The files of the status page as text in the program; made from page/ by cmake/embed.cmake.
#pragma once

#include <string_view>

namespace sundial::api {

extern const std::string_view kPageHtml;
extern const std::string_view kPageScript;
extern const std::string_view kPageStyle;

}  // namespace sundial::api
