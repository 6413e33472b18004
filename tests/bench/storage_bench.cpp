// What storing costs: journal appends, commits, and a start with many records. Prints; asserts nothing.
#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <vector>

#include "agent/adapters/journal/file_journal.hpp"
#include "agent/adapters/sqlite/sqlite_store.hpp"
#include "platform/linux/disk.hpp"

namespace sundial {
namespace {

using Clock = std::chrono::steady_clock;

class Quiet final : public LogSink {
 public:
  void write(const LogLine& line) override { fmt::print(stderr, "{}\n", format_log_text(line)); }
};

struct Place {
  explicit Place(const std::string& where) {
    std::string pattern = where + "/sundial-bench-XXXXXX";
    directory = ::mkdtemp(pattern.data());
  }
  ~Place() { std::filesystem::remove_all(directory); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  std::string directory;
  LinuxDisk disk;
  Quiet sink;
  Log log{sink, LogSeverity::warning, [] { return Instant{}; }};
};

// Bytes that this process gave to the disk, as the kernel counts them.
std::uint64_t disk_bytes() {
  std::ifstream file("/proc/self/io");
  std::string name;
  std::uint64_t value = 0;
  while (file >> name >> value) {
    if (name == "write_bytes:") return value;
  }
  return 0;
}

std::uint64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t all = 0;
  std::uint64_t resident = 0;
  file >> all >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

template <typename Work>
void measure(const std::string& name, int count, Work work) {
  std::vector<double> micros;
  micros.reserve(static_cast<std::size_t>(count));
  const std::uint64_t before = disk_bytes();
  const auto begin = Clock::now();
  for (int i = 0; i < count; ++i) {
    const auto start = Clock::now();
    work(i);
    micros.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
  }
  const double whole = std::chrono::duration<double, std::micro>(Clock::now() - begin).count();
  ::sync();
  const double bytes = static_cast<double>(disk_bytes() - before) / count;
  std::sort(micros.begin(), micros.end());
  fmt::print("{:<44} {:>9.2f} µs mean {:>9.2f} µs median {:>9.2f} µs p99 {:>8.0f} bytes each\n", name,
             whole / count, micros[micros.size() / 2], micros[micros.size() * 99 / 100], bytes);
}

void bench_journal(const std::string& where, bool always, int count) {
  Place place(where);
  auto journal = std::move(*FileJournal::open(place.disk, place.log,
                                              {.directory = place.directory,
                                               .sync_always = always,
                                               .max_bytes = 1U << 28U,
                                               .segment_bytes = 1U << 20U,
                                               .salt = 1,
                                               .preamble = {}},
                                              {0}, [](const JournalEntry&) {}));
  const std::string entry(180, 'x');
  // As in a running agent: what was appended is soon committed, and its segments are used again.
  measure(fmt::format("journal append, 180 bytes, sync = {}", always ? "always" : "1s"), count, [&](int i) {
    const auto end = journal->append(entry);
    if (end && i % 100 == 0) journal->commit(*end);
  });
}

model::OutboxRecord record_of(std::uint64_t number) {
  model::OutboxRecord record;
  record.number = number;
  record.action.set("workflow", "Overheat");
  record.action.set("id", fmt::format("overheat-{}", number));
  record.action.set(
      "args",
      List{Value(Verbatim{fmt::format(R"({{"device":"greenhouse-1","temperature":81.5,"n":{}}})", number)})});
  record.lane = fmt::format("overheat-{}", number);
  record.request_id = fmt::format("request-{}", number);
  record.origin = {model::OriginKind::rule, "overheat", "greenhouse-1", std::to_string(number)};
  return record;
}

void bench_commits(const std::string& where, int group, int count) {
  Place place(where);
  SqliteOptions options;
  options.directory = place.directory;
  auto store = std::move(*SqliteStore::open(place.disk, place.log, options));
  std::uint64_t number = 1;
  const std::uint64_t before = disk_bytes();
  measure(fmt::format("commit of {} records with state and position", group), count, [&](int) {
    StoreBatch batch;
    for (int i = 0; i < group; ++i) {
      batch.records.push_back(record_of(number));
      if (number > 1000)
        batch.updates.push_back({.number = number - 1000,
                                 .kind = RecordUpdate::Kind::remove,
                                 .memory = {},
                                 .reason = {},
                                 .action = {}});
      ++number;
    }
    batch.state.push_back({"rule/overheat", std::to_string(number % 100), std::string(60, 's')});
    batch.journal = JournalPosition{number * 200};
    if (!store->commit(batch)) fmt::print("a commit failed\n");
  });
  fmt::print("{:<44} {:>9.0f} bytes to the disk a record\n", "",
             static_cast<double>(disk_bytes() - before) / static_cast<double>(number));
}

void bench_backlog(const std::string& where, std::uint64_t records) {
  Place place(where);
  SqliteOptions options;
  options.directory = place.directory;
  const std::uint64_t memory = resident_bytes();
  auto store = std::move(*SqliteStore::open(place.disk, place.log, options));
  auto begin = Clock::now();
  for (std::uint64_t number = 1; number <= records;) {
    StoreBatch batch;
    for (int i = 0; i < 1000; ++i) batch.records.push_back(record_of(number++));
    if (!store->commit(batch)) fmt::print("a commit failed\n");
  }
  const auto seconds = [](Clock::duration span) { return std::chrono::duration<double>(span).count(); };
  fmt::print("backlog of {}: {:.1f} s to fill, {} MB on disk, {:.1f} MB more memory\n", records,
             seconds(Clock::now() - begin), store->size().file_bytes / 1'000'000,
             static_cast<double>(resident_bytes() - memory) / 1e6);
  store.reset();
  begin = Clock::now();
  store = std::move(*SqliteStore::open(place.disk, place.log, options));
  const auto load = store->load();
  fmt::print("  opened and loaded in {:.2f} s\n", seconds(Clock::now() - begin));
  begin = Clock::now();
  std::uint64_t after = 0;
  std::uint64_t drained = 0;
  while (drained < 20'000) {
    const auto page = store->records(RecordState::waiting, after, 500);
    StoreBatch batch;
    for (const StoredRecord& stored : *page) {
      batch.updates.push_back({.number = stored.record.number,
                               .kind = RecordUpdate::Kind::remove,
                               .memory = {},
                               .reason = {},
                               .action = {}});
      after = stored.record.number;
    }
    drained += page->size();
    if (page->empty() || !store->commit(batch)) break;
  }
  fmt::print("  {:.0f} records a second read and removed, {:.1f} MB more memory\n",
             static_cast<double>(drained) / seconds(Clock::now() - begin),
             static_cast<double>(resident_bytes() - memory) / 1e6);
}

}  // namespace
}  // namespace sundial

// bench_storage [DIRECTORY] [BACKLOG]
int main(int argc, char** argv) {
  const std::string where = argc > 1 ? argv[1] : std::filesystem::temp_directory_path().string();
  const std::uint64_t backlog = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 100'000;
  sundial::bench_journal(where, false, 200'000);
  sundial::bench_journal(where, true, 2'000);
  sundial::bench_commits(where, 1, 500);
  sundial::bench_commits(where, 100, 100);
  sundial::bench_backlog(where, backlog);
  return 0;
}
