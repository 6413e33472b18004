// System calls behind Disk and File, with errors in our own kinds.
#include "platform/linux/disk.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>

#include "platform/base/text.hpp"
#include "platform/linux/unique_fd.hpp"

namespace sundial {
namespace {

ErrorKind kind_of(int code) {
  switch (code) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return ErrorKind::exhausted;
    case ENOENT:
      return ErrorKind::not_found;
    case EACCES:
    case EPERM:
      return ErrorKind::forbidden;
    case EEXIST:
      return ErrorKind::already_exists;
    default:
      return ErrorKind::unavailable;
  }
}

Error failed(std::string_view doing, const std::string& path) {
  const int code = errno;
  return {kind_of(code), fmt::format("{} {}: {}", doing, path, std::strerror(code))};
}

template <typename Call>
auto uninterrupted(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

class LinuxFile final : public File {
 public:
  LinuxFile(UniqueFd descriptor, std::string path, std::atomic<std::uint64_t>& written)
      : descriptor_(std::move(descriptor)), path_(std::move(path)), written_(written) {}

  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) override {
    std::size_t done = 0;
    while (done < into.size()) {
      const auto count = uninterrupted([&] {
        return ::pread(descriptor_.get(), into.data() + done, into.size() - done,
                       static_cast<off_t>(offset + done));
      });
      if (count < 0) return failed("can't read", path_);
      if (count == 0) break;
      done += static_cast<std::size_t>(count);
    }
    return done;
  }

  Result<void> write_at(std::uint64_t offset, std::string_view bytes) override {
    while (!bytes.empty()) {
      const auto count = uninterrupted([&] {
        return ::pwrite(descriptor_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
      });
      if (count < 0) return failed("can't write", path_);
      written_ += static_cast<std::uint64_t>(count);
      offset += static_cast<std::uint64_t>(count);
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return {};
  }

  Result<void> sync() override {
    if (::fdatasync(descriptor_.get()) != 0) return failed("can't sync", path_);
    return {};
  }

  // Real zeros, not fallocate's unwritten extents: on those each synced write would also write the
  // file system's own journal. In small pieces: the page cache would keep larger ones together, and
  // write the whole of such a piece for each byte that changes in it.
  Result<void> preallocate(std::uint64_t wanted) override {
    static constexpr std::array<char, 4096> zeros{};
    const auto present = size();
    if (!present) return present.error();
    for (std::uint64_t at = *present; at < wanted;) {
      const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(zeros.size(), wanted - at));
      if (auto done = write_at(at, {zeros.data(), length}); !done) return done;
      at += length;
    }
    return sync();
  }

  Result<std::uint64_t> size() override {
    struct stat status {};
    if (::fstat(descriptor_.get(), &status) != 0) return failed("can't look at", path_);
    return static_cast<std::uint64_t>(status.st_size);
  }

 private:
  UniqueFd descriptor_;
  std::string path_;
  std::atomic<std::uint64_t>& written_;
};

class LinuxLock final : public FileLock {
 public:
  explicit LinuxLock(UniqueFd descriptor) : descriptor_(std::move(descriptor)) {}

 private:
  UniqueFd descriptor_;
};

std::string holder(int descriptor) {
  std::array<char, 32> text{};
  const auto count = ::pread(descriptor, text.data(), text.size() - 1, 0);
  return count > 0 ? printable(trim({text.data(), static_cast<std::size_t>(count)})) : "unknown";
}

}  // namespace

Result<std::unique_ptr<File>> LinuxDisk::open(const std::string& path, Opening opening) {
  const int flags = O_RDWR | O_CLOEXEC | (opening == Opening::create ? O_CREAT : 0);
  UniqueFd descriptor(uninterrupted([&] { return ::open(path.c_str(), flags, 0600); }));
  if (!descriptor) return failed("can't open", path);
  return std::unique_ptr<File>(std::make_unique<LinuxFile>(std::move(descriptor), path, written_));
}

Result<void> LinuxDisk::rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return failed("can't rename", from);
  return {};
}

Result<void> LinuxDisk::remove(const std::string& path) {
  if (::unlink(path.c_str()) != 0) return failed("can't remove", path);
  return {};
}

Result<void> LinuxDisk::make_directory(const std::string& path) {
  std::error_code problem;
  std::filesystem::create_directories(path, problem);
  if (problem) {
    errno = problem.value();
    return failed("can't make the directory", path);
  }
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return failed("can't look at", path);
  if ((status.st_mode & 0077U) != 0 && ::chmod(path.c_str(), 0700) != 0) return failed("can't protect", path);
  return {};
}

Result<void> LinuxDisk::sync_directory(const std::string& path) {
  const UniqueFd descriptor(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!descriptor || ::fsync(descriptor.get()) != 0) return failed("can't sync the directory", path);
  return {};
}

Result<std::vector<std::string>> LinuxDisk::list(const std::string& directory) {
  std::error_code problem;
  std::vector<std::string> names;
  auto entry = std::filesystem::directory_iterator(directory, problem);
  for (; !problem && entry != std::filesystem::directory_iterator(); entry.increment(problem)) {
    names.push_back(entry->path().filename().string());
  }
  if (problem) {
    errno = problem.value();
    return failed("can't list", directory);
  }
  std::sort(names.begin(), names.end());
  return names;
}

Result<DiskRoom> LinuxDisk::room(const std::string& directory) {
  struct statvfs status {};
  if (::statvfs(directory.c_str(), &status) != 0)
    return failed("can't look at the file system of", directory);
  return DiskRoom{std::uint64_t{status.f_bavail} * status.f_frsize,
                  std::uint64_t{status.f_blocks} * status.f_frsize};
}

Result<std::unique_ptr<FileLock>> LinuxDisk::lock(const std::string& path) {
  UniqueFd descriptor(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!descriptor) return failed("can't open", path);
  if (uninterrupted([&] { return ::flock(descriptor.get(), LOCK_EX | LOCK_NB); }) != 0) {
    if (errno != EWOULDBLOCK) return failed("can't lock", path);
    return Error(ErrorKind::conflict, fmt::format("another agent (pid {}) uses this state: {} is locked",
                                                  holder(descriptor.get()), path));
  }
  const std::string pid = fmt::format("{}\n", ::getpid());
  if (::ftruncate(descriptor.get(), 0) != 0 || ::pwrite(descriptor.get(), pid.data(), pid.size(), 0) < 0) {
    return failed("can't write", path);
  }
  return std::unique_ptr<FileLock>(std::make_unique<LinuxLock>(std::move(descriptor)));
}

}  // namespace sundial
