// Families, samples and their escaping.
#include "agent/api/metrics_text.hpp"

#include <fmt/format.h>

#include <cmath>

namespace sundial::api {

namespace {

using LabelValues = std::vector<std::pair<std::string_view, std::string_view>>;

// Shorter than printf's, and a whole number has no fraction.
std::string number(double value) {
  if (std::isfinite(value) && value == std::floor(value) && std::abs(value) < 1e15) {
    return std::to_string(static_cast<std::int64_t>(value));
  }
  return fmt::format("{}", value);
}

class Writer {
 public:
  explicit Writer(MetricsForm form) : form_(form) {}

  void begin(std::string_view name, MetricType type, std::string_view help) {
    const bool open = form_ == MetricsForm::open_metrics;
    name_ = name;
    // OpenMetrics names a counter's family without the suffix that its samples have.
    std::string_view family = name;
    if (open && type == MetricType::counter && family.ends_with("_total")) family.remove_suffix(6);
    text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", family, help, family, type_name(type));
  }

  void sample(double value, const LabelValues& labels = {}, std::string_view suffix = {}) {
    text_ += fmt::format("{}{}", name_, suffix);
    char separator = '{';
    for (const auto& [label, label_value] : labels) {
      text_ += fmt::format("{}{}=\"", separator, label);
      append_escaped(label_value);
      text_ += '"';
      separator = ',';
    }
    if (!labels.empty()) text_ += '}';
    text_ += ' ' + number(value) + '\n';
  }

  std::string finish() {
    if (form_ == MetricsForm::open_metrics) text_ += "# EOF\n";
    return std::move(text_);
  }

 private:
  static std::string_view type_name(MetricType type) {
    switch (type) {
      case MetricType::counter:
        return "counter";
      case MetricType::gauge:
        return "gauge";
      case MetricType::histogram:
        return "histogram";
    }
    return "unknown";
  }

  void append_escaped(std::string_view value) {
    for (const char c : value) {
      if (c == '\n') {
        text_ += "\\n";
        continue;
      }
      if (c == '"' || c == '\\') text_ += '\\';
      text_ += c;
    }
  }

  MetricsForm form_;
  std::string name_;
  std::string text_;
};

double seconds(Millis span) {
  return std::chrono::duration<double>(span).count();
}

void write_counter(Writer& writer, const MetricFamily& family, const Metrics& metrics) {
  const auto counted = metrics.counters().find(family.name);
  if (counted == metrics.counters().end()) {
    if (family.labels.empty()) writer.sample(0);
    return;
  }
  for (const auto& [values, value] : counted->second) {
    LabelValues labels;
    if (!family.labels.empty()) labels.emplace_back(family.labels[0], values.first);
    if (family.labels.size() > 1) labels.emplace_back(family.labels[1], values.second);
    writer.sample(static_cast<double>(value), labels);
  }
}

void write_histogram(Writer& writer, const MetricFamily& family, const Metrics& metrics) {
  static const Metrics::Histogram kEmpty;
  const Metrics::Histogram* found = metrics.histogram(family.name);
  const Metrics::Histogram& histogram = found == nullptr ? kEmpty : *found;
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < histogram.counts.size(); ++i) {
    below += histogram.counts[i];
    const std::string bound = i < Metrics::kBuckets.size() ? fmt::format("{}", Metrics::kBuckets[i]) : "+Inf";
    writer.sample(static_cast<double>(below), {{"le", bound}}, "_bucket");
  }
  writer.sample(histogram.sum, {}, "_sum");
  writer.sample(static_cast<double>(below), {}, "_count");
}

void write_gauge(Writer& writer, const MetricFamily& family, const AgentStatus& status) {
  const auto value = [&](double sample) { writer.sample(sample); };
  if (family.name == "outbox_entries") value(static_cast<double>(status.outbox.entries));
  if (family.name == "outbox_bytes") value(static_cast<double>(status.outbox.bytes));
  if (family.name == "outbox_oldest_seconds") value(seconds(status.outbox.oldest));
  if (family.name == "mqtt_connected") value(status.mqtt.connected ? 1 : 0);
  if (family.name == "temporal_reachable") value(status.temporal.reachable ? 1 : 0);
  if (family.name == "build_info") writer.sample(1, {{"version", status.version}});
  if (family.name != "rule_keys") return;
  for (const auto& [rule, keys] : status.rule_keys)
    writer.sample(static_cast<double>(keys), {{"rule", rule}});
}

void write_process(Writer& writer, const ProcessFigures& process) {
  const auto one = [&](std::string_view name, MetricType type, std::string_view help, double value) {
    writer.begin(name, type, help);
    writer.sample(value);
  };
  one("process_cpu_seconds_total", MetricType::counter, "Processor time, user and system",
      process.cpu_seconds);
  one("process_resident_memory_bytes", MetricType::gauge, "Resident memory", process.resident_bytes);
  one("process_virtual_memory_bytes", MetricType::gauge, "Virtual memory", process.virtual_bytes);
  one("process_open_fds", MetricType::gauge, "Open file descriptors", process.open_descriptors);
  one("process_max_fds", MetricType::gauge, "The most file descriptors that may be open",
      process.max_descriptors);
  one("process_threads", MetricType::gauge, "Threads", process.threads);
  one("process_start_time_seconds", MetricType::gauge, "Start, in seconds since the epoch",
      process.start_time_seconds);
}

}  // namespace

std::string metrics_text(const Metrics& metrics, const AgentStatus& status, const ProcessFigures& process,
                         MetricsForm form) {
  Writer writer(form);
  for (const MetricFamily& family : metric_families()) {
    writer.begin(fmt::format("sundial_{}", family.name), family.type, family.help);
    switch (family.type) {
      case MetricType::counter:
        write_counter(writer, family, metrics);
        break;
      case MetricType::gauge:
        write_gauge(writer, family, status);
        break;
      case MetricType::histogram:
        write_histogram(writer, family, metrics);
        break;
    }
  }
  write_process(writer, process);
  return writer.finish();
}

}  // namespace sundial::api
