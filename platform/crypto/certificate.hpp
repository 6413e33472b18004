// What a certificate says of itself.
#pragma once

#include <optional>
#include <string_view>

#include "platform/base/time.hpp"

namespace sundial::crypto {

// When the first of these certificates ends (PEM, as in a file with a chain); nothing where there is none.
std::optional<Instant> end_of_certificates(std::string_view pem);

}  // namespace sundial::crypto
