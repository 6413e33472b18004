// Recordings from the running agent: what is taken for them, and what they are handed.
#include <algorithm>

#include "agent/runtime/agent.hpp"

namespace sundial::runtime {
namespace {

bool matches_one(const std::vector<rules::TopicFilter>& filters, std::string_view topic) {
  if (filters.empty()) return true;
  std::vector<std::string_view> levels;
  rules::split_topic(topic, levels);
  return std::any_of(filters.begin(), filters.end(),
                     [&](const rules::TopicFilter& filter) { return rules::matches(filter, levels); });
}

// Where filters cross, a broker sends one message by several of the agent's subscriptions: it is one line.
bool is_first_copy(const rules::SubscriptionPlan& plan, const model::Message& message) {
  if (message.subscription_ids.empty()) return true;
  std::vector<std::string_view> levels;
  rules::split_topic(message.topic, levels);
  for (const rules::PlannedSubscription& one : plan.subscriptions()) {
    if (!rules::matches(one.filter, levels)) continue;
    return std::find(message.subscription_ids.begin(), message.subscription_ids.end(), one.id) !=
           message.subscription_ids.end();
  }
  return true;
}

}  // namespace

Result<std::uint64_t> Agent::begin_recording(const std::vector<std::string>& filters, Taken taken) {
  constexpr std::size_t kMost = 4;
  if (!stands()) return Error(ErrorKind::unavailable, "the store is being opened again; ask in a moment");
  if (recordings_.size() >= kMost) return Error(ErrorKind::exhausted, "there are four recordings already");
  Recording recording;
  for (const std::string& text : filters) {
    Result<rules::TopicFilter> filter = rules::parse_topic_filter(text);
    if (!filter) return filter.error().within("topic");
    recording.filters.push_back(*std::move(filter));
  }
  recording.taken = std::move(taken);
  const std::uint64_t number = ++last_recording_;
  recordings_.emplace(number, std::move(recording));
  choose_keeps();
  // The first line: whether the broker is away as it begins.
  parts_.loop.post([this, number] {
    const auto found = recordings_.find(number);
    if (found != recordings_.end() && stands()) {
      found->second.taken(model::Absence{engine_->known().away}, engine_->now().wall);
    }
  });
  return number;
}

void Agent::end_recording(std::uint64_t recording) {
  recordings_.erase(recording);
  if (stands()) choose_keeps();
}

// Asked on the bus's thread, so that what it goes by never changes.
void Agent::choose_keeps() {
  std::vector<std::vector<rules::TopicFilter>> recorded;
  for (const auto& [number, recording] : recordings_) recorded.push_back(recording.filters);
  intake_.set_keeps(
      std::make_shared<const Keeps>([prefilter = engine_->engine().prefilter(),
                                     recorded = std::move(recorded)](const Arrival& arrival, Instant now) {
        const bool is_recorded = std::any_of(recorded.begin(), recorded.end(), [&](const auto& filters) {
          return matches_one(filters, arrival.topic);
        });
        return is_recorded || prefilter->wants({.topic = arrival.topic,
                                                .payload = arrival.payload,
                                                .qos = arrival.qos,
                                                .retained = arrival.retained,
                                                .duplicate = arrival.duplicate,
                                                .properties = arrival.properties,
                                                .now = now});
      }));
}

void Agent::record_input(const model::Input& input, Instant at) {
  if (recordings_.empty()) return;
  const auto* message = std::get_if<model::Message>(&input);
  if (message == nullptr && !std::holds_alternative<model::Absence>(input)) return;
  if (message != nullptr && !is_first_copy(engine_->engine().subscriptions(), *message)) return;
  for (const auto& [number, recording] : recordings_) {
    const bool chosen =
        message == nullptr ||
        (message->webhook ? recording.filters.empty() : matches_one(recording.filters, message->topic));
    if (chosen) recording.taken(input, at);
  }
}

}  // namespace sundial::runtime
