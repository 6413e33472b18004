// `sundial record`: messages as lines for `sundial replay`, from the running agent or from a broker.
#include <algorithm>
#include <chrono>
#include <memory>
#include <ostream>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "agent/cli/agent_session.hpp"
#include "agent/cli/configuration.hpp"
#include "agent/cli/verbs.hpp"
#include "agent/config/address.hpp"
#include "agent/core/decode/recorded_line.hpp"
#include "agent/core/rules/topic_filter.hpp"
#include "platform/base/text.hpp"

namespace sundial::cli {
namespace {

struct RecordOptions {
  SessionOptions session;
  std::vector<std::string> topics;
  std::string broker;
};

// Whoever reads a recording while it grows sees whole lines, and a pipe that closed ends it.
bool print(World& world, std::string_view line) {
  world.out << line << std::endl;
  return world.out.good();
}

int record_agent(Session& session, const RecordOptions& options) {
  std::string query;
  for (const std::string& topic : options.topics) {
    query += (query.empty() ? "?topic=" : "&topic=") + percent_encode(topic);
  }
  World& world = session.world();
  if (!session.follow("/api/v1/record" + query, [&](std::string_view line) { return print(world, line); })) {
    return session.exit_code();
  }
  if (!world.out.good()) return kExitDone;
  world.err << "sundial record: the agent ended the recording: it stops, or this side was too slow\n";
  return kExitFailed;
}

// The filters as a few that do not overlap, so that no message comes twice.
std::vector<rules::TopicFilter> apart(std::vector<rules::TopicFilter> filters) {
  for (std::size_t i = 0; i < filters.size(); ++i) {
    for (std::size_t j = i + 1; j < filters.size();) {
      if (filters[i].shared() || filters[j].shared() || !rules::overlap(filters[i], filters[j])) {
        ++j;
        continue;
      }
      filters[i] = rules::covers(filters[i], filters[j])   ? filters[i]
                   : rules::covers(filters[j], filters[i]) ? filters[j]
                                                           : rules::join(filters[i], filters[j]);
      filters.erase(filters.begin() + static_cast<std::ptrdiff_t>(j));
      j = i + 1;
    }
  }
  return filters;
}

class BrokerRecorder final : public BrokerListener {
 public:
  BrokerRecorder(World& world, std::vector<rules::TopicFilter> wanted)
      : world_(world), wanted_(std::move(wanted)) {}

  bool heard(const Arrival& arrival) override {
    std::vector<std::string_view> levels;
    rules::split_topic(arrival.topic, levels);
    const bool is_wanted = std::any_of(wanted_.begin(), wanted_.end(), [&](const rules::TopicFilter& filter) {
      return rules::matches(filter, levels);
    });
    if (!is_wanted) return world_.out.good();
    model::Message message;
    message.topic = arrival.topic;
    message.payload = arrival.payload;
    message.qos = arrival.qos;
    message.retained = arrival.retained;
    if (arrival.properties != nullptr) message.properties = *arrival.properties;
    return print(world_, decode::write_recorded_line({now(), std::move(message)}));
  }

  bool away(bool away, const std::string& why) override {
    world_.err << (away ? "sundial record: the broker is away: " + why : "sundial record: the broker is back")
               << '\n';
    return print(world_, decode::write_recorded_line({now(), model::Absence{away}}));
  }

 private:
  // A recording's times do not go back, as those of an agent do not.
  Instant now() {
    last_ = std::max(last_, std::chrono::floor<Millis>(std::chrono::system_clock::now()));
    return last_;
  }

  World& world_;
  std::vector<rules::TopicFilter> wanted_;
  Instant last_{};
};

// The broker of the configuration with its login, or another one with what its address says.
std::optional<model::MqttSettings> broker_of(World& world, const RecordOptions& options) {
  model::MqttSettings settings;
  if (const Result<void> set = config::set_broker(options.broker, settings); !set) {
    world.err << "sundial record: --broker: " << set.error().message() << '\n';
    return std::nullopt;
  }
  const config::Loaded loaded = config::load(sources_of(world, options.session.run));
  const std::optional<model::MqttSettings>& known = loaded.configuration.mqtt;
  if (loaded.problems.empty() && known && known->url == settings.url && settings.username.empty())
    settings = *known;
  settings.client_id = fmt::format("sundial-record-{:08x}",
                                   std::chrono::system_clock::now().time_since_epoch().count() & 0xffff'ffff);
  return settings;
}

int record_broker(World& world, const RecordOptions& options) {
  std::vector<std::string> texts = options.topics;
  if (texts.empty()) texts.emplace_back("#");
  std::vector<rules::TopicFilter> wanted;
  for (const std::string& text : texts) {
    Result<rules::TopicFilter> filter = rules::parse_topic_filter(text);
    if (!filter) {
      world.err << "sundial record: --topic: " << filter.error().message() << '\n';
      return kExitUsage;
    }
    wanted.push_back(*std::move(filter));
  }
  const std::optional<model::MqttSettings> settings = broker_of(world, options);
  if (!settings) return kExitUsage;
  std::vector<std::string> subscriptions;
  for (const rules::TopicFilter& filter : apart(wanted)) subscriptions.push_back(filter.subscription());
  // Standard output often goes to a file: whoever waits sees at least this.
  world.err << fmt::format("sundial record: listening to {}, until it is stopped\n", settings->url);
  BrokerRecorder recorder(world, std::move(wanted));
  if (const Result<void> done = world.listen_to_broker(*settings, subscriptions, recorder); !done) {
    world.err << "sundial record: " << done.error().message() << '\n';
    return kExitUnreachable;
  }
  return kExitDone;
}

}  // namespace

void add_record(CLI::App& app, World& world, Chosen& chosen) {
  CLI::App* verb = app.add_subcommand(
      "record",
      "Write messages as lines for `sundial replay`, from the running agent or straight from a broker");
  auto options = std::make_shared<RecordOptions>();
  add_session_flags(*verb, options->session);
  verb->add_option("--topic", options->topics, "Only what matches this filter; may be given several times")
      ->type_name("FILTER")
      ->allow_extra_args(false);
  verb->add_option("--broker", options->broker,
                   "Listen to this broker instead of the agent, such as mqtt://localhost:1883")
      ->type_name("URL");
  verb->callback([&world, &chosen, options] {
    chosen = [&world, options] {
      if (!options->broker.empty()) return record_broker(world, *options);
      return with_session(world, options->session,
                          [&](Session& session) { return record_agent(session, *options); });
    };
  });
}

}  // namespace sundial::cli
