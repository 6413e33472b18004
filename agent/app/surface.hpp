// The HTTP surface's settings, from the configuration and the secrets that it names.
#pragma once

#include <string>

#include "agent/adapters/http/door.hpp"
#include "agent/api/api.hpp"
#include "agent/config/files.hpp"
#include "agent/core/model/settings.hpp"
#include "platform/base/log.hpp"
#include "platform/file.hpp"

namespace sundial::app {

// Tokens from `token_file`; beyond loopback without one, a token that is made at the first start and
// kept in the state. Its place is logged, the token never.
Result<api::ApiSettings> surface_settings(const model::Configuration& configuration,
                                          const config::Files& files, Disk& disk, Log& log);

}  // namespace sundial::app
