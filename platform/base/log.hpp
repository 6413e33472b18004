// The log: lines with a stable event name and fields, safe to print, repeats counted instead of shown.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "platform/base/time.hpp"

namespace sundial {

enum class LogSeverity { debug, info, warning, error };
std::string_view name_of(LogSeverity severity);

// A named value of a line. What is secret never becomes a field.
struct LogField {
  std::string name;
  std::string value;

  LogField(std::string_view name_, std::string_view value_) : name(name_), value(value_) {}
  LogField(std::string_view name_, const char* value_) : name(name_), value(value_) {}
  LogField(std::string_view name_, const std::string& value_) : name(name_), value(value_) {}
  LogField(std::string_view name_, bool value_) : name(name_), value(value_ ? "true" : "false") {}
  template <std::integral T>
  requires(!std::same_as<T, bool>) LogField(std::string_view name_, T value_)
      : name(name_), value(std::to_string(value_)) {}
  LogField(std::string_view name_, Millis value_) : name(name_), value(format_duration(value_)) {}
};

struct LogLine {
  Instant at;
  LogSeverity severity = LogSeverity::info;
  std::string event;    // stable, for machines: "mqtt.connected"
  std::string message;  // for people
  std::vector<LogField> fields;
};

class LogSink {
 public:
  virtual ~LogSink() = default;
  virtual void write(const LogLine& line) = 0;
};

// One line each, without the line break, control characters escaped.
std::string format_log_text(const LogLine& line);  // 2026-01-01T00:00:00.000Z INFO mqtt.connected: … url=…
std::string format_log_journal(const LogLine& line);  // <6>mqtt.connected: … url=…
std::string format_log_json(const LogLine& line);

// May be used from any thread. Lines of one event and message beyond kBurst within kWindow are only
// counted; the next one after it carries `repeated=N`.
class Log {
 public:
  static constexpr int kBurst = 5;
  static constexpr Millis kWindow = std::chrono::seconds{30};
  static constexpr std::size_t kMaxTracked = 512;

  using Fields = std::initializer_list<LogField>;

  Log(LogSink& sink, LogSeverity least, std::function<Instant()> now);

  void debug(std::string_view event, std::string_view message, Fields fields = {});
  void info(std::string_view event, std::string_view message, Fields fields = {});
  void warning(std::string_view event, std::string_view message, Fields fields = {});
  void error(std::string_view event, std::string_view message, Fields fields = {});

  void set_least(LogSeverity least);

  // Writes what was counted and has had no line of its own since; at the end of the program, and
  // whenever somebody has a timer running anyway.
  void flush_repeats();

 private:
  struct Repeats {
    Instant window_start{};
    int in_window = 0;
    std::uint64_t held_back = 0;
    LogSeverity severity = LogSeverity::info;
  };

  void write(LogSeverity severity, std::string_view event, std::string_view message, Fields fields);
  void flush_locked(Instant now, bool all);

  LogSink& sink_;
  std::function<Instant()> now_;
  std::mutex mutex_;
  LogSeverity least_;
  std::map<std::pair<std::string, std::string>, Repeats> seen_;
};

}  // namespace sundial
