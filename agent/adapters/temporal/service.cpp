// Puts the parts together: pool of connections, delivery, readers.
#include "agent/adapters/temporal/service.hpp"

#include "agent/adapters/temporal/codec.hpp"
#include "agent/adapters/temporal/delivery.hpp"
#include "agent/adapters/temporal/frontend.hpp"
#include "agent/adapters/temporal/pool.hpp"
#include "agent/adapters/temporal/reader.hpp"
#include "agent/adapters/temporal/shown_transport.hpp"

namespace sundial::temporal {
namespace {

class HttpService : public WorkflowService {
 public:
  HttpService(std::unique_ptr<Pool> pool, Sender sender, std::unique_ptr<PayloadCodec> own_codec,
              std::unique_ptr<Transport> shown)
      : own_codec_(std::move(own_codec)),
        pool_(std::move(pool)),
        shown_(std::move(shown)),
        frontend_(shown_ ? *shown_ : *pool_, std::move(sender)),
        delivery_(frontend_),
        reader_(frontend_) {}

  DeliveryAnswer deliver(const model::OutboxRecord& record, DeliveryMemory& memory) override {
    return delivery_.deliver(record, memory);
  }
  DeliveryAnswer probe() override { return frontend_.describe_namespace().usual(); }

  Result<WorkflowDescription> describe(const std::string& workflow_id, const std::string& run_id) override {
    return reader_.describe(workflow_id, run_id);
  }
  Result<WorkflowResult> result(const std::string& workflow_id, const std::string& run_id,
                                Millis wait) override {
    return reader_.result(workflow_id, run_id, wait);
  }
  Result<Value> history(const std::string& workflow_id, const std::string& run_id,
                        const std::string& page_token, int limit) override {
    return reader_.history(workflow_id, run_id, page_token, limit);
  }
  Result<Value> query(const std::string& workflow_id, const std::string& name,
                      const List& arguments) override {
    return reader_.query(workflow_id, name, arguments);
  }
  Result<Value> update(const std::string& workflow_id, const std::string& name, const std::string& update_id,
                       const List& arguments, Millis wait) override {
    return reader_.update(workflow_id, name, update_id, arguments, wait);
  }
  Result<Value> list(const std::string& query, const std::string& page_token, int limit) override {
    return reader_.list(query, page_token, limit);
  }
  Result<std::int64_t> count(const std::string& query) override { return reader_.count(query); }

 private:
  std::unique_ptr<PayloadCodec> own_codec_;  // where nobody else holds it
  std::unique_ptr<Pool> pool_;
  std::unique_ptr<Transport> shown_;  // round the pool
  Frontend frontend_;
  Delivery delivery_;
  Reader reader_;
};

}  // namespace

namespace {

Result<std::unique_ptr<WorkflowService>> make(const model::TemporalSettings& settings,
                                              const std::string& device, const PayloadCodec* codec,
                                              std::unique_ptr<PayloadCodec> own, const Show& show) {
  auto pool = Pool::create(settings);
  if (!pool) return pool.error();
  Sender sender{settings.name_space, settings.task_queue, device, "sundial@" + device, codec};
  std::unique_ptr<Transport> shown;
  const bool authorized = !settings.api_key.empty() || !settings.api_key_file.empty();
  if (show) shown = std::make_unique<ShownTransport>(**pool, show, authorized);
  return std::unique_ptr<WorkflowService>(
      std::make_unique<HttpService>(std::move(*pool), std::move(sender), std::move(own), std::move(shown)));
}

}  // namespace

Result<std::unique_ptr<WorkflowService>> make_service(const model::TemporalSettings& settings,
                                                      const std::string& device, const PayloadCodec* codec) {
  return make(settings, device, codec, nullptr, {});
}

Result<std::unique_ptr<WorkflowService>> open_service(const model::TemporalSettings& settings,
                                                      const std::string& device, const Show& show) {
  auto codec = make_codec(settings);
  if (!codec) return codec.error();
  const PayloadCodec* used = codec->get();
  return make(settings, device, used, std::move(*codec), show);
}

}  // namespace sundial::temporal
