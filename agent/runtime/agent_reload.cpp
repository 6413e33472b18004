// A reload: what may change without a restart, and how it is put in force.
#include <utility>

#include "agent/runtime/agent.hpp"
#include "agent/runtime/rules_in_force.hpp"
#include "agent/runtime/settings_changes.hpp"

namespace sundial::runtime {

void Agent::reload(api::Answer<std::vector<std::string>> done) {
  if (!stands()) return done(failure());
  auto next = parts_.load_configuration();
  if (!next) {
    parts_.log.error("reload.refused", "the configuration has problems; nothing was changed");
    return done(next.error());
  }
  auto changed = take_over(*next);
  if (!changed) {
    parts_.log.error("reload.refused", changed.error().message());
    return done(changed.error());
  }
  parts_.log.info("reload.done", "the configuration was read again", {{"changed", changed->size()}});
  // It is in the journal and in force: where the commit fails, all begins anew from there.
  committer_->now(
      [done = std::move(done), changed = std::move(*changed)](const Result<void>&) { done(changed); });
}

Result<std::vector<std::string>> Agent::take_over(const model::Configuration& next) {
  const auto client_id = [](const model::Configuration& of) {
    return of.mqtt ? of.mqtt->client_id : std::string();
  };
  if (next.http.listen != configuration_.http.listen || next.store.path != configuration_.store.path ||
      client_id(next) != client_id(configuration_)) {
    return Error(ErrorKind::conflict,
                 "[http] listen, [store] path and [mqtt] client_id take a restart to change");
  }
  Result<std::function<void()>> around = std::function<void()>();
  if (parts_.prepare_settings) around = parts_.prepare_settings(next);
  if (!around) return around.error();
  engine_->freeze(false);  // also where the store is full: the next settings may give it room
  engine_->work();
  model::Configuration wanted = next;
  wanted.stored_schedules = stored_schedules(engine_->engine().everything());
  std::vector<std::string> changed = changed_tables(configuration_, wanted);
  const model::Configuration former = in_force();
  for (std::string& name : changed_names(former, wanted)) changed.push_back(std::move(name));
  if (auto done = engine_->follow(wanted, parts_.zones); !done) {
    engine_->freeze(full_ || shedding_);
    return done.error();
  }
  tell_of_places(former, wanted, parts_.log);
  committer_->next().facts.emplace_back("rules", write_rules(wanted));
  const model::Configuration before = std::exchange(configuration_, std::move(wanted));
  configuration_.schedules = std::vector<model::ScheduleDefinition>();
  configuration_.stored_schedules = std::vector<model::StoredSchedule>();
  if (*around) (*around)();
  put_in_force(before);
  engine_->freeze(full_ || shedding_);
  look_at_room();
  return changed;
}

// What is on its way ends as it began; what waits goes by the new settings.
void Agent::put_in_force(const model::Configuration& before) {
  auto subscriptions = take_interest();
  if (parts_.bus != nullptr) {
    parts_.bus->resubscribe(std::move(subscriptions));
    intake_.set_max_payload(configuration_.mqtt->max_payload);
    const std::string& device = configuration_.device.name;  // the topics of the agent's own state name it
    if (before.mqtt != configuration_.mqtt || before.device.name != device)
      parts_.bus->reconnect(*configuration_.mqtt, device);
  }
  bridge_->set_limits(limits());
  look_at_certificates();
  if (before.temporal != configuration_.temporal) {
    bridge_->try_now(outbox::Target::temporal);
    ask_temporal_again();
  }
  if (before.store.sync == configuration_.store.sync) return;
  auto done = std::make_shared<Result<void>>();
  const bool always = !configuration_.store.sync;
  parts_.store_worker.run([done, always, journal = journal_.get()] { *done = journal->sync_always(always); },
                          [this, done] {
                            if (!*done) fail(done->error());
                          });
  if (sync_timer_) parts_.loop.cancel(*std::exchange(sync_timer_, std::nullopt));
  look_at_journal();
}

}  // namespace sundial::runtime
