// Writing JSON: one writer for answers, payloads, the store and the command line.
#include <array>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "platform/base/text.hpp"
#include "platform/base/time.hpp"
#include "platform/json/json.hpp"

namespace sundial::json {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD, for bytes that are not UTF-8

std::string fraction_digits(std::int32_t nanos) {
  if (nanos == 0) return {};
  std::string digits = fmt::format(".{:09}", nanos);
  digits.erase(digits.find_last_not_of('0') + 1);
  return digits;
}

std::string timestamp_text(Timestamp time) {
  std::string text = format_rfc3339(Instant{std::chrono::seconds{time.seconds}}, Fraction::when_needed);
  text.insert(text.size() - 1, fraction_digits(time.nanos));
  return text;
}

std::string span_text(TimeSpan span) {
  const bool negative = span.seconds < 0 || span.nanos < 0;
  return fmt::format("{}{}{}s", negative ? "-" : "", span.seconds < 0 ? -span.seconds : span.seconds,
                     fraction_digits(span.nanos < 0 ? -span.nanos : span.nanos));
}

std::string double_text(double number) {
  if (std::isnan(number)) return "\"NaN\"";
  if (std::isinf(number)) return number > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  std::array<char, 32> buffer{};
  const auto [end, problem] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
  std::string text(buffer.data(), end);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const auto byte = static_cast<unsigned char>(text.front());
    std::size_t length = 1;
    if (byte == '"' || byte == '\\') {
      out += '\\';
      out += text.front();
    } else if (byte == '\n') {
      out += "\\n";
    } else if (byte == '\r') {
      out += "\\r";
    } else if (byte == '\t') {
      out += "\\t";
    } else if (byte < 0x20) {
      out += fmt::format("\\u{:04x}", byte);
    } else if (byte < 0x80) {
      out += text.front();
    } else {
      length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2;
      const bool whole = length <= text.size() && is_utf8(text.substr(0, length));
      out += whole ? text.substr(0, length) : kReplacement;
      if (!whole) length = 1;
    }
    text.remove_prefix(length);
  }
  out += '"';
}

class Writer {
 public:
  explicit Writer(bool pretty) : pretty_(pretty) {}

  // Recursion is bounded: a Value from outside is at most kMaxDepth deep, ours are shallow.
  void write(const Value& value) { std::visit(*this, value.variant()); }

  void operator()(Null) { out_ += "null"; }
  void operator()(bool value) { out_ += value ? "true" : "false"; }
  void operator()(std::int64_t value) { out_ += fmt::format_int(value).str(); }
  void operator()(std::uint64_t value) { out_ += fmt::format_int(value).str(); }
  void operator()(double value) { out_ += double_text(value); }
  void operator()(const std::string& value) { append_quoted(out_, value); }
  void operator()(const Bytes& value) { out_ += '"' + base64_encode(value.data) + '"'; }
  void operator()(Timestamp value) { out_ += '"' + timestamp_text(value) + '"'; }
  void operator()(TimeSpan value) { out_ += '"' + span_text(value) + '"'; }
  void operator()(const TypeName& value) { append_quoted(out_, value.name); }
  void operator()(const Verbatim& value) { out_ += value.json; }

  void operator()(const List& list) {
    if (list.empty()) {
      out_ += "[]";
      return;
    }
    open('[');
    for (std::size_t i = 0; i < list.size(); ++i) {
      separate(i == 0);
      write(list[i]);
    }
    close(']');
  }

  void operator()(const Map& map) {
    if (map.empty()) {
      out_ += "{}";
      return;
    }
    open('{');
    bool first = true;
    for (const auto& [key, value] : map) {
      separate(first);
      first = false;
      write_key(key);
      out_ += pretty_ ? ": " : ":";
      write(value);
    }
    close('}');
  }

  std::string take() { return std::move(out_); }

 private:
  void write_key(const Value& key) {
    if (key.text() != nullptr) {
      append_quoted(out_, *key.text());
    } else {
      out_ += '"' + json::write(key) + '"';
    }
  }
  void open(char bracket) {
    out_ += bracket;
    ++depth_;
  }
  void close(char bracket) {
    --depth_;
    new_line();
    out_ += bracket;
  }
  void separate(bool first) {
    if (!first) out_ += ',';
    new_line();
  }
  void new_line() {
    if (!pretty_) return;
    out_ += '\n';
    out_.append(2 * depth_, ' ');
  }

  bool pretty_;
  std::size_t depth_ = 0;
  std::string out_;
};

}  // namespace

std::string write(const Value& value) {
  Writer writer(false);
  writer.write(value);
  return writer.take();
}

std::string write_pretty(const Value& value) {
  Writer writer(true);
  writer.write(value);
  return writer.take();
}

std::string quote(std::string_view text) {
  std::string out;
  append_quoted(out, text);
  return out;
}

}  // namespace sundial::json
