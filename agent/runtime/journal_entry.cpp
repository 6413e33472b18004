// One entry of the input journal: an input with the moment at which it was accepted, in bytes.
#include "agent/runtime/journal_entry.hpp"

#include <utility>

#include "platform/base/bytes.hpp"

namespace sundial::runtime {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::uint8_t kWithNote = 2;  // a note, and then as version 1

// Never renumbered: entries outlive the program that wrote them.
enum class Kind : std::uint8_t {
  message = 1,
  absence = 2,
  clock_step = 3,
  clock_trust = 4,
  schedule_command = 5,
  run_ended = 6,
  temporal_link = 7,
  reset_keys = 8,
  reloaded = 9,
  store_full = 10,
};

enum MessageFlag : std::uint8_t {
  kWebhook = 1,
  kRetained = 2,
  kDuplicate = 4,
  kHasTime = 8,
  kHasProperties = 16,
};

void put_instant(ByteWriter& out, Instant instant) {
  out.put_signed(instant.time_since_epoch().count());
}

Instant read_instant(ByteReader& in) {
  return Instant{Millis{in.signed_number()}};
}

void put_optional(ByteWriter& out, const std::optional<std::string>& text) {
  out.put_flag(text.has_value());
  if (text) out.put_text(*text);
}

std::optional<std::string> read_optional(ByteReader& in) {
  if (!in.flag()) return std::nullopt;
  return std::string(in.text());
}

void put_properties(ByteWriter& out, const model::MessageProperties& properties) {
  put_optional(out, properties.content_type);
  put_optional(out, properties.response_topic);
  put_optional(out, properties.correlation_data);
  out.put_flag(properties.message_expiry.has_value());
  if (properties.message_expiry) out.put_signed(*properties.message_expiry);
  out.put_number(properties.user.size());
  for (const auto& [name, value] : properties.user) {
    out.put_text(name);
    out.put_text(value);
  }
}

model::MessageProperties read_properties(ByteReader& in) {
  model::MessageProperties properties;
  properties.content_type = read_optional(in);
  properties.response_topic = read_optional(in);
  properties.correlation_data = read_optional(in);
  if (in.flag()) properties.message_expiry = in.signed_number();
  for (std::uint64_t left = in.number(); left > 0 && in.ok(); --left) {
    std::string name(in.text());
    properties.user.emplace_back(std::move(name), std::string(in.text()));
  }
  return properties;
}

bool any(const model::MessageProperties& properties) {
  return properties.content_type || properties.response_topic || properties.correlation_data ||
         properties.message_expiry || !properties.user.empty();
}

struct Writer {
  ByteWriter& out;
  const JournalRecord& record;

  void begin(Kind kind) const {
    if (record.note) {
      out.put_byte(kWithNote);
      out.put_text(record.note->name);
      out.put_text(record.note->value);
    }
    out.put_byte(kVersion);
    out.put_byte(static_cast<std::uint8_t>(kind));
    put_instant(out, record.at.wall);
    out.put_signed(record.at.elapsed.time_since_epoch().count());
  }

  void operator()(const model::Message& message) const {
    begin(Kind::message);
    const bool properties = any(message.properties);
    out.put_byte(
        static_cast<std::uint8_t>((message.webhook ? kWebhook : 0) | (message.retained ? kRetained : 0) |
                                  (message.duplicate ? kDuplicate : 0) | (message.time ? kHasTime : 0) |
                                  (properties ? kHasProperties : 0)));
    out.put_byte(static_cast<std::uint8_t>(message.qos));
    out.put_number(static_cast<std::uint64_t>(record.packet_id));
    out.put_fixed64(record.digest);
    out.put_text(message.id);
    out.put_text(message.topic);
    out.put_text(message.payload);
    out.put_number(message.subscription_ids.size());
    for (const int id : message.subscription_ids) out.put_number(static_cast<std::uint64_t>(id));
    if (message.time) put_instant(out, *message.time);
    if (properties) put_properties(out, message.properties);
  }
  void operator()(const model::Absence& absence) const {
    begin(Kind::absence);
    out.put_byte(static_cast<std::uint8_t>((absence.away ? 1 : 0) | (absence.full ? 2 : 0)));
  }
  void operator()(const model::ClockStep& step) const {
    begin(Kind::clock_step);
    put_instant(out, step.before);
  }
  void operator()(const model::ClockTrust& trust) const {
    begin(Kind::clock_trust);
    out.put_flag(trust.trusted);
  }
  void operator()(const model::ScheduleCommand& command) const {
    begin(Kind::schedule_command);
    out.put_byte(static_cast<std::uint8_t>(command.verb));
    out.put_text(command.id);
    out.put_text(command.definition_json);
    out.put_text(command.note);
    out.put_byte(command.overlap ? static_cast<std::uint8_t>(1 + static_cast<int>(*command.overlap)) : 0);
    put_instant(out, command.start);
    put_instant(out, command.end);
  }
  void operator()(const model::RunEnded& run) const {
    begin(Kind::run_ended);
    out.put_text(run.schedule);
    out.put_text(run.workflow_id);
    out.put_flag(run.failed);
    out.put_flag(run.ended.has_value());
    if (run.ended) put_instant(out, *run.ended);
  }
  void operator()(const model::TemporalLink& link) const {
    begin(Kind::temporal_link);
    out.put_flag(link.up);
  }
  void operator()(const model::ResetKeys& reset) const {
    begin(Kind::reset_keys);
    out.put_text(reset.rule);
    put_optional(out, reset.key);
  }
  void operator()(const model::StoreFull& store) const {
    begin(Kind::store_full);
    out.put_flag(store.full);
  }
  void operator()(const model::Input& input) const { std::visit(*this, input); }
  void operator()(const Reloaded& reloaded) const {
    begin(Kind::reloaded);
    out.put_text(reloaded.configuration);
  }
};

model::Message read_message(ByteReader& in, JournalRecord& record) {
  model::Message message;
  const std::uint8_t flags = in.byte();
  message.webhook = (flags & kWebhook) != 0;
  message.retained = (flags & kRetained) != 0;
  message.duplicate = (flags & kDuplicate) != 0;
  message.qos = in.byte();
  record.packet_id = static_cast<int>(in.number());
  record.digest = in.fixed64();
  message.id = in.text();
  message.topic = in.text();
  message.payload = in.text();
  for (std::uint64_t left = in.number(); left > 0 && in.ok(); --left) {
    message.subscription_ids.push_back(static_cast<int>(in.number()));
  }
  if ((flags & kHasTime) != 0) message.time = read_instant(in);
  if ((flags & kHasProperties) != 0) message.properties = read_properties(in);
  return message;
}

model::ScheduleCommand read_command(ByteReader& in) {
  model::ScheduleCommand command;
  command.verb = static_cast<model::ScheduleCommand::Verb>(in.byte());
  command.id = in.text();
  command.definition_json = in.text();
  command.note = in.text();
  if (const std::uint8_t overlap = in.byte(); overlap > 0)
    command.overlap = static_cast<model::Overlap>(overlap - 1);
  command.start = read_instant(in);
  command.end = read_instant(in);
  return command;
}

model::RunEnded read_run(ByteReader& in) {
  model::RunEnded run;
  run.schedule = in.text();
  run.workflow_id = in.text();
  run.failed = in.flag();
  if (in.flag()) run.ended = read_instant(in);
  return run;
}

model::ResetKeys read_reset(ByteReader& in) {
  model::ResetKeys reset;
  reset.rule = in.text();
  reset.key = read_optional(in);
  return reset;
}

bool read_what(Kind kind, ByteReader& in, JournalRecord& record) {
  switch (kind) {
    case Kind::message:
      record.what = model::Input(read_message(in, record));
      return true;
    case Kind::absence: {
      const unsigned flags = in.byte();
      record.what = model::Input(model::Absence{(flags & 1U) != 0, (flags & 2U) != 0});
      return true;
    }
    case Kind::clock_step:
      record.what = model::Input(model::ClockStep{read_instant(in)});
      return true;
    case Kind::clock_trust:
      record.what = model::Input(model::ClockTrust{in.flag()});
      return true;
    case Kind::schedule_command:
      record.what = model::Input(read_command(in));
      return true;
    case Kind::run_ended:
      record.what = model::Input(read_run(in));
      return true;
    case Kind::temporal_link:
      record.what = model::Input(model::TemporalLink{in.flag()});
      return true;
    case Kind::reset_keys:
      record.what = model::Input(read_reset(in));
      return true;
    case Kind::store_full:
      record.what = model::Input(model::StoreFull{in.flag()});
      return true;
    case Kind::reloaded:
      record.what = Reloaded{std::string(in.text())};
      return true;
  }
  return false;
}

}  // namespace

std::string write_record(const JournalRecord& record) {
  ByteWriter out;
  std::visit(Writer{out, record}, record.what);
  return out.take();
}

Result<JournalRecord> read_record(std::string_view bytes) {
  ByteReader in(bytes);
  JournalRecord record;
  std::uint8_t version = in.byte();
  if (version == kWithNote) {
    std::string name(in.text());
    record.note = Note{std::move(name), std::string(in.text())};
    version = in.byte();
  }
  if (version != kVersion) return Error(ErrorKind::unsupported, "an entry of another version of Sundial");
  const auto kind = static_cast<Kind>(in.byte());
  record.at.wall = read_instant(in);
  record.at.elapsed = Elapsed{Millis{in.signed_number()}};
  if (!read_what(kind, in, record) || !in.ok()) {
    return Error(ErrorKind::corrupt, "an entry of the journal can't be read");
  }
  return record;
}

}  // namespace sundial::runtime
