// Sends one record so that it has its effect exactly once, whatever became of earlier tries.
#pragma once

#include <atomic>
#include <optional>

#include "agent/adapters/temporal/frontend.hpp"
#include "agent/ports/workflow_service.hpp"

namespace sundial::temporal {

// From any thread; one record is in one hand at a time.
class Delivery {
 public:
  explicit Delivery(Frontend& frontend) : frontend_(frontend) {}

  DeliveryAnswer deliver(const model::OutboxRecord& record, DeliveryMemory& memory);

 private:
  DeliveryAnswer start(const model::OutboxRecord& record, DeliveryMemory& memory);
  DeliveryAnswer signal(const model::OutboxRecord& record, DeliveryMemory& memory);
  DeliveryAnswer signal_with_start(const model::OutboxRecord& record, DeliveryMemory& memory);
  DeliveryAnswer stop(const model::OutboxRecord& record, DeliveryMemory& memory);
  DeliveryAnswer activity(const model::OutboxRecord& record, DeliveryMemory& memory);

  // One try: what it leaves in the memory is noted.
  Exchange attempt(const Call& call, DeliveryMemory& memory);
  Exchange attempt_activity(const model::OutboxRecord& record, DeliveryMemory& memory);

  std::optional<DeliveryAnswer> too_late(const DeliveryMemory& memory);
  std::optional<DeliveryAnswer> started_before(const model::OutboxRecord& record,
                                               const DeliveryMemory& memory);
  std::optional<DeliveryAnswer> signalled_before(const model::OutboxRecord& record, DeliveryMemory& memory);
  std::optional<DeliveryAnswer> prepare_stop(const model::OutboxRecord& record, DeliveryMemory& memory);
  std::optional<DeliveryAnswer> prepare_fail(const model::OutboxRecord& record, DeliveryMemory& memory);
  // Nothing: the activity is not pending, or can't be asked for now.
  struct PendingActivity {
    int attempt = 0;
    bool started = false;
  };
  struct ActivityLook {
    std::optional<PendingActivity> pending;
    std::optional<DeliveryAnswer> trouble;  // could not look
  };
  ActivityLook look_at_activity(const model::OutboxRecord& record);

  Frontend& frontend_;
  std::atomic<ActivityRoutes> routes_{ActivityRoutes::by_body};
};

}  // namespace sundial::temporal
