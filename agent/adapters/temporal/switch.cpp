// Temporal as the settings in force say; others take their place while calls are on their way.
#include "agent/adapters/temporal/switch.hpp"

#include "agent/adapters/temporal/codec.hpp"
#include "agent/adapters/temporal/service.hpp"

namespace sundial::temporal {

struct Site {
  std::unique_ptr<PayloadCodec> codec;  // the others use it
  std::unique_ptr<RecordSealer> sealer;
  std::unique_ptr<WorkflowService> service;
};

Result<std::shared_ptr<Site>> Switch::prepare(const model::TemporalSettings& settings,
                                              const std::string& device) {
  auto site = std::make_shared<Site>();
  auto codec = make_codec(settings);
  if (!codec) return codec.error();
  site->codec = std::move(*codec);
  if (site->codec) site->sealer = make_sealer(*site->codec);
  auto service = make_service(settings, device, site->codec.get());
  if (!service) return service.error();
  site->service = std::move(*service);
  return site;
}

void Switch::use(std::shared_ptr<Site> site) {
  const std::lock_guard lock(mutex_);
  site_.swap(site);
}

std::shared_ptr<Site> Switch::site() const {
  const std::lock_guard lock(mutex_);
  return site_;
}

DeliveryAnswer Switch::deliver(const model::OutboxRecord& record, DeliveryMemory& memory) {
  return site()->service->deliver(record, memory);
}
DeliveryAnswer Switch::probe() {
  return site()->service->probe();
}
Result<WorkflowDescription> Switch::describe(const std::string& workflow_id, const std::string& run_id) {
  return site()->service->describe(workflow_id, run_id);
}
Result<WorkflowResult> Switch::result(const std::string& workflow_id, const std::string& run_id,
                                      Millis wait) {
  return site()->service->result(workflow_id, run_id, wait);
}
Result<Value> Switch::history(const std::string& workflow_id, const std::string& run_id,
                              const std::string& page_token, int limit) {
  return site()->service->history(workflow_id, run_id, page_token, limit);
}
Result<Value> Switch::query(const std::string& workflow_id, const std::string& name, const List& arguments) {
  return site()->service->query(workflow_id, name, arguments);
}
Result<Value> Switch::update(const std::string& workflow_id, const std::string& name,
                             const std::string& update_id, const List& arguments, Millis wait) {
  return site()->service->update(workflow_id, name, update_id, arguments, wait);
}
Result<Value> Switch::list(const std::string& query, const std::string& page_token, int limit) {
  return site()->service->list(query, page_token, limit);
}
Result<std::int64_t> Switch::count(const std::string& query) {
  return site()->service->count(query);
}

Result<void> Switch::seal(model::OutboxRecord& record) const {
  const auto present = site();
  return present->sealer ? present->sealer->seal(record) : Result<void>();
}
Result<void> Switch::open(model::OutboxRecord& record) const {
  const auto present = site();
  return present->sealer ? present->sealer->open(record) : Result<void>();
}

}  // namespace sundial::temporal
