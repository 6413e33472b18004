// Temporal's HTTP API as a WorkflowService.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "agent/core/model/settings.hpp"
#include "agent/ports/payload_codec.hpp"
#include "agent/ports/workflow_service.hpp"
#include "platform/base/result.hpp"

namespace sundial::temporal {

// The codec, where there is one, must outlive the service. An error is one of the configuration.
Result<std::unique_ptr<WorkflowService>> make_service(const model::TemporalSettings& settings,
                                                      const std::string& device, const PayloadCodec* codec);

// The same with a codec of its own, from the keys that the settings name. `show`, where it is set, is
// handed every request and answer, without what authorizes it.
Result<std::unique_ptr<WorkflowService>> open_service(
    const model::TemporalSettings& settings, const std::string& device,
    const std::function<void(const std::string& line)>& show = {});

}  // namespace sundial::temporal
