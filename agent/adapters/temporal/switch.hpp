// Temporal as the settings in force say; others take their place while calls are on their way.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "agent/core/model/settings.hpp"
#include "agent/ports/payload_codec.hpp"
#include "agent/ports/workflow_service.hpp"
#include "platform/base/result.hpp"

namespace sundial::temporal {

// What one set of settings makes: codec, sealer and service.
struct Site;

// From any thread. A call that has begun ends at the site at which it began; whoever leaves a former site
// last takes it down.
class Switch final : public WorkflowService, public RecordSealer {
 public:
  // An error is one of the settings; nothing is connected yet.
  static Result<std::shared_ptr<Site>> prepare(const model::TemporalSettings& settings,
                                               const std::string& device);
  explicit Switch(std::shared_ptr<Site> site) : site_(std::move(site)) {}
  void use(std::shared_ptr<Site> site);

  DeliveryAnswer deliver(const model::OutboxRecord& record, DeliveryMemory& memory) override;
  DeliveryAnswer probe() override;
  Result<WorkflowDescription> describe(const std::string& workflow_id, const std::string& run_id) override;
  Result<WorkflowResult> result(const std::string& workflow_id, const std::string& run_id,
                                Millis wait) override;
  Result<Value> history(const std::string& workflow_id, const std::string& run_id,
                        const std::string& page_token, int limit) override;
  Result<Value> query(const std::string& workflow_id, const std::string& name,
                      const List& arguments) override;
  Result<Value> update(const std::string& workflow_id, const std::string& name, const std::string& update_id,
                       const List& arguments, Millis wait) override;
  Result<Value> list(const std::string& query, const std::string& page_token, int limit) override;
  Result<std::int64_t> count(const std::string& query) override;

  // Without encryption nothing is sealed, and what was sealed before stays so.
  Result<void> seal(model::OutboxRecord& record) const override;
  Result<void> open(model::OutboxRecord& record) const override;

 private:
  std::shared_ptr<Site> site() const;

  mutable std::mutex mutex_;
  std::shared_ptr<Site> site_;
};

}  // namespace sundial::temporal
