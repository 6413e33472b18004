// A state directory of its own for each test, and records to fill it with.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>

#include "agent/adapters/sqlite/sqlite_store.hpp"
#include "platform/fake/log_sink.hpp"
#include "platform/linux/disk.hpp"

namespace sundial {

struct SqlitePlace {
  SqlitePlace() {
    std::string pattern = (std::filesystem::temp_directory_path() / "sundial-store-XXXXXX").string();
    directory = ::mkdtemp(pattern.data());
  }
  ~SqlitePlace() { std::filesystem::remove_all(directory); }
  SqlitePlace(const SqlitePlace&) = delete;
  SqlitePlace& operator=(const SqlitePlace&) = delete;

  Result<std::unique_ptr<SqliteStore>> try_open(SqliteOptions options = {}) {
    options.directory = directory;
    options.now = Instant{std::chrono::sys_days{std::chrono::year{2026} / 1 / 2}};
    return SqliteStore::open(disk, log, options);
  }
  std::unique_ptr<SqliteStore> open(SqliteOptions options = {}) {
    auto opened = try_open(std::move(options));
    EXPECT_TRUE(opened) << opened.error().message();
    return opened ? std::move(*opened) : nullptr;
  }
  std::string database() const { return directory + "/sundial.db"; }

  LinuxDisk disk;
  FakeLogSink sink;
  Log log{sink, LogSeverity::debug, [] { return Instant{}; }};
  std::string directory;
};

inline model::OutboxRecord a_record(std::uint64_t number) {
  model::OutboxRecord record;
  record.number = number;
  record.action.set("workflow", "Overheat");
  record.action.set("id", "overheat-" + std::to_string(number));
  record.action.set(
      "args", List{Value(Verbatim{R"({"temperature": 81.50, "seq": )" + std::to_string(number) + "}"})});
  record.lane = "overheat-" + std::to_string(number);
  record.request_id = "request-" + std::to_string(number);
  record.origin = {model::OriginKind::rule, "overheat", "dev-1", std::to_string(number)};
  record.decided = {Instant{Millis{1'767'225'600'000}}, Elapsed{Millis{5000}}};
  return record;
}

// One of each value that a template can make, nested deep.
inline model::OutboxRecord a_full_record(std::uint64_t number) {
  model::OutboxRecord record = a_record(number);
  record.kind = model::ActionKind::signal_with_start;
  Value deep = 1;
  for (int i = 0; i < 95; ++i)
    deep = i % 2 == 0 ? Value(List{deep}) : Value([&deep] {
      Map map;
      map.set("level", deep);
      return map;
    }());
  Map odd;
  odd.append(Value(1), Value("number as key"));
  odd.append(Value("$verbatim"), Value("no tag"));
  record.action.set(
      "args", List{Value(), Value(true), Value(std::int64_t{-5}), Value(std::uint64_t{1} << 63U), Value(0.1),
                   Value(21.0), Value("text \x01 é"), Value(std::string("\xff\xfe", 2)),
                   Value(Bytes{std::string("\0\x80", 2)}), Value(Timestamp{5, 7}), Value(TimeSpan{-1, -5}),
                   Value(TypeName{"int"}), Value(Verbatim{" {\"a\":1.50} "}), Value(odd), Value(Map{}),
                   Value(List{}), deep});
  record.id_left_out = record.id_names_event = record.paced = true;
  record.origin = {model::OriginKind::schedule, "nightly", "key/1", "2026-01-01T00:00:00Z"};
  record.expires = Millis{60'000};
  record.priority = 3;
  record.result_to = Value("topic");
  return record;
}

inline RecordUpdate an_update(std::uint64_t number, RecordUpdate::Kind kind) {
  RecordUpdate update;
  update.number = number;
  update.kind = kind;
  return update;
}

}  // namespace sundial
