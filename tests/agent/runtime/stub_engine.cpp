// An engine for the loop's own tests: every message starts one workflow.
#include <map>

#include "agent/core/engine/engine.hpp"

namespace sundial::engine {
namespace {

class StubEngine final : public Engine {
 public:
  void restore(std::string_view, std::string_view key, std::string_view) override {
    seen_.insert_or_assign(std::string(key), true);
  }
  void begin(Moment) override {}
  void advance(Moment, model::Effects&) override {}
  void take(const model::Input& input, Moment now, model::Effects& effects) override {
    const auto* message = std::get_if<model::Message>(&input);
    if (message == nullptr) return;
    model::OutboxRecord record;
    record.lane = "stub-" + message->id;
    record.action.set("id", record.lane);
    record.action.set("payload", message->payload);
    record.request_id = message->id;
    record.decided = now;
    effects.records.push_back(std::move(record));
    changes_.push_back({"rule/stub", message->id, "1"});
  }
  Wake next_wake() const override { return {}; }
  std::optional<Instant> next_rule_timer() const override { return std::nullopt; }
  void retire(const model::Configuration&, Moment, model::Effects&) override {}
  std::vector<model::StateChange> everything() const override { return {}; }
  std::vector<model::StateChange> collect() override { return std::exchange(changes_, {}); }
  Value describe_rules() const override { return List(); }
  Value describe_keys(std::string_view, std::size_t) const override { return List(); }
  Value describe_schedules(Moment) const override { return List(); }
  std::vector<model::Count> counts() const override { return {}; }

 private:
  std::map<std::string, bool> seen_;
  std::vector<model::StateChange> changes_;
};

}  // namespace

std::unique_ptr<Engine> Engine::create(const model::Configuration&, const ZoneSource&,
                                       std::vector<model::Problem>&) {
  return std::make_unique<StubEngine>();
}

}  // namespace sundial::engine
