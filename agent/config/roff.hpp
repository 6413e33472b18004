// Text for manual pages.
#pragma once

#include <string>
#include <string_view>

namespace sundial::config {

// Text as roff takes it: no line is a request, no character an escape, and `code` is bold.
std::string roff(std::string_view text);

}  // namespace sundial::config
