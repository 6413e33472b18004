// The stateless part of the rules, on its own.
#include "agent/core/rules/prefilter.hpp"

#include "agent/core/decode/decode.hpp"
#include "agent/core/rules/compiled_rule.hpp"

namespace sundial::rules {
namespace {

using expression::Variable;

// Whether a message on which `when` does not hold leaves no trace in the rule.
bool forgets_rejected(const CompiledRule& rule) {
  if (!rule.when || rule.unique || rule.uses_state || rule.hold) return false;
  if (rule.clear_when && !rule.window) return false;
  const bool stateless = rule.when->uses().within(
      {Variable::payload, Variable::topic, Variable::message, Variable::device, Variable::now});
  return stateless && !rule.when->names(Variable::message, "id");
}

}  // namespace

Prefilter::Prefilter(const std::vector<const CompiledRule*>& rules, std::string_view device,
                     std::string_view time_zone)
    : device_name_(device), device_zone_(time_zone) {
  for (const CompiledRule* rule : rules) {
    const auto place = static_cast<std::uint32_t>(interests_.size());
    for (std::uint32_t filter = 0; filter < rule->filters.size(); ++filter) {
      index_.add(rule->filters[filter], {place, filter});
    }
    Interest interest;
    if (forgets_rejected(*rule)) {
      interest.when = rule->when;
      interest.members = rule->when->payload_members();
    }
    interest.decode = rule->decode;
    interest.names = rule->names;
    interest.name_levels = rule->name_levels;
    interest.drops_live = rule->retained == model::Retained::only;
    interests_.push_back(std::move(interest));
  }
  counters_ = std::make_unique<Counter[]>(interests_.size());
}

bool Prefilter::wants(const Offer& offer) const {
  std::vector<std::string_view> levels;
  split_topic(offer.topic, levels);
  std::vector<FilterIndex::Entry> matched;
  index_.match(levels, matched);
  std::vector<Verdict> verdicts;
  verdicts.reserve(matched.size());
  for (const FilterIndex::Entry& entry : matched) {
    verdicts.push_back(judge(entry, offer, levels));
    if (verdicts.back() == Verdict::kept) return true;
  }
  // Only what no rule keeps is counted here: the engine counts what it is handed.
  for (std::size_t i = 0; i < matched.size(); ++i) {
    Counter& counter = counters_[matched[i].rule];
    if (verdicts[i] == Verdict::live) {
      counter.live.fetch_add(1, std::memory_order_relaxed);
      continue;
    }
    counter.messages.fetch_add(1, std::memory_order_relaxed);
    if (verdicts[i] == Verdict::failed) counter.failed.fetch_add(1, std::memory_order_relaxed);
  }
  return false;
}

Prefilter::Rejected Prefilter::rejected(std::size_t rule) const {
  const Counter& counter = counters_[rule];
  return {counter.messages.load(std::memory_order_relaxed), counter.failed.load(std::memory_order_relaxed),
          counter.live.load(std::memory_order_relaxed)};
}

Prefilter::Verdict Prefilter::judge(const FilterIndex::Entry& entry, const Offer& offer,
                                    const std::vector<std::string_view>& levels) const {
  const Interest& interest = interests_[entry.rule];
  // A retained one comes with a new subscription only: the rule itself says why it drops it.
  if (!offer.retained && interest.drops_live) return Verdict::live;
  if (!interest.when) return Verdict::kept;
  static const std::optional<std::string> kUnknown;
  const auto& content_type = offer.properties == nullptr ? kUnknown : offer.properties->content_type;
  const Result<decode::Decoded> decoded =
      interest.members
          ? decode::decode_members(offer.payload, interest.decode, content_type, *interest.members)
          : decode::decode(offer.payload, interest.decode, content_type);
  if (!decoded) return Verdict::kept;  // it goes into the ledger
  switch (test(interest, entry.filter, offer, decoded->payload, levels)) {
    case expression::Outcome::holds:
      return Verdict::kept;
    case expression::Outcome::failed:
      // The first condition that fails is told, and the engine does that.
      return counters_[entry.rule].told.exchange(true, std::memory_order_relaxed) ? Verdict::failed
                                                                                  : Verdict::kept;
    case expression::Outcome::does_not_hold:
      break;
  }
  return Verdict::rejected;
}

expression::Outcome Prefilter::test(const Interest& interest, std::uint32_t filter, const Offer& offer,
                                    const Value& payload, const std::vector<std::string_view>& levels) const {
  std::vector<std::string_view> values;
  for (const std::size_t level : interest.name_levels[filter]) {
    values.push_back(level < levels.size() ? levels[level] : std::string_view{});
  }
  std::optional<model::Message> message;
  if (interest.when->uses().has(Variable::message)) {
    message.emplace();
    message->topic = std::string(offer.topic);
    message->qos = offer.qos;
    message->retained = offer.retained;
    message->duplicate = offer.duplicate;
    if (offer.properties != nullptr) message->properties = *offer.properties;
  }
  const expression::DeviceView device{device_name_, device_zone_};
  expression::Bindings bindings;
  bindings.payload = &payload;
  bindings.topic = {interest.names, values};
  bindings.message = message ? &*message : nullptr;
  bindings.message_time = offer.now;
  bindings.device = &device;
  bindings.now = offer.now;
  return interest.when->test(bindings);
}

}  // namespace sundial::rules
