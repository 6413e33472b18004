// Durable files: what is written, what is safely on the disk, and who may use it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/result.hpp"

namespace sundial {

// A failed operation is `exhausted` where the disk is full, `unavailable` where the disk or its file
// system gave an error, `not_found`, `forbidden` or `conflict` as they say.
class File {
 public:
  virtual ~File() = default;

  // Up to the end of the file; less than asked for only there.
  virtual Result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) = 0;
  // All of it, or an error; then any part of it may be there.
  virtual Result<void> write_at(std::uint64_t offset, std::string_view bytes) = 0;
  // What was written to this file is on the disk when it returns. After a failure the kernel may
  // have forgotten what it could not write: only writing it again can help.
  virtual Result<void> sync() = 0;
  // Makes the file at least this long with zeros that have their place on the disk, so that later
  // writes neither run out of space nor change the file's description.
  virtual Result<void> preallocate(std::uint64_t size) = 0;
  virtual Result<std::uint64_t> size() = 0;
};

// Held as long as it lives; the kernel drops it with the process.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

enum class Opening { existing, create };

// Of the file system that a directory lies on.
struct DiskRoom {
  std::uint64_t free = 0;  // for this process
  std::uint64_t total = 0;
};

class Disk {
 public:
  virtual ~Disk() = default;

  // Files are made readable and writable by their owner alone.
  virtual Result<std::unique_ptr<File>> open(const std::string& path, Opening opening) = 0;
  virtual Result<void> rename(const std::string& from, const std::string& to) = 0;  // replaces
  virtual Result<void> remove(const std::string& path) = 0;
  // With its parents; for its owner alone, also where it was there before.
  virtual Result<void> make_directory(const std::string& path) = 0;
  // Names that were made, changed or removed in the directory are on the disk when it returns.
  virtual Result<void> sync_directory(const std::string& path) = 0;
  virtual Result<std::vector<std::string>> list(const std::string& directory) = 0;  // names, in order
  // `conflict`, with the other process in the message, where another one holds it.
  virtual Result<std::unique_ptr<FileLock>> lock(const std::string& path) = 0;

  virtual Result<DiskRoom> room(const std::string& directory) = 0;

  // Bytes given to write_at and preallocate so far.
  virtual std::uint64_t written_bytes() const = 0;

  // The whole of a file of at most `limit` bytes.
  Result<std::string> read_all(const std::string& path, std::size_t limit);
};

}  // namespace sundial
