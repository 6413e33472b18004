// Damaged segments: the journal opens whatever lies on the disk, and what it appends then is read back.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "agent/adapters/journal/file_journal.hpp"
#include "platform/fake/disk.hpp"
#include "platform/fake/log_sink.hpp"

namespace {

using namespace sundial;  // NOLINT: one short program

void require(bool holds) {
  if (!holds) std::abort();
}

// A good header is put before the bytes, so that the fuzzer gets behind it; frames it must make itself.
std::string segment_of(std::string_view bytes) {
  std::string content = journal::encode_header({.base = 0, .salt = 7});
  std::uint64_t position = content.size();
  while (bytes.size() > 2) {
    const bool whole = (bytes[0] & 1) != 0;
    const std::size_t length = std::min<std::size_t>(bytes.size() - 1, static_cast<unsigned char>(bytes[0]));
    const std::string_view part = bytes.substr(1, length);
    if (whole) {
      journal::append_frame(content, journal::FrameKind::entry, part, position, 7);
    } else {
      content += part;
      content.resize((content.size() + 7) / 8 * 8, '\0');
    }
    position = content.size();
    bytes.remove_prefix(1 + length);
  }
  return content;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (bytes.empty()) return 0;
  FakeDisk disk;
  FakeLogSink sink;
  Log log(sink, LogSeverity::error, [] { return Instant{}; });
  const std::string content = (bytes[0] & 2) != 0 ? std::string(bytes) : segment_of(bytes);
  require(disk.open("/s/journal-0000000000000000", Opening::create)->get()->write_at(0, content).has_value());
  const JournalOptions options{.directory = "/s",
                               .sync_always = true,
                               .max_bytes = 1U << 20U,
                               .segment_bytes = 4096,
                               .salt = 9,
                               .preamble = {}};
  std::uint64_t last = 0;
  std::size_t entries = 0;
  {
    const auto opened = FileJournal::open(disk, log, options, {0}, [&](const JournalEntry& entry) {
      require(entry.end.offset > last);
      last = entry.end.offset;
      ++entries;
    });
    require(opened.has_value());
    require((*opened)->append("after the damage").has_value());
  }
  std::size_t again = 0;
  std::string newest;
  const auto opened = FileJournal::open(disk, log, options, {0}, [&](const JournalEntry& entry) {
    newest = entry.bytes;
    ++again;
  });
  require(opened.has_value() && again == entries + 1 && newest == "after the damage");
  return 0;
}
