// The disk by the standard library's means, and files in memory.
#include "agent/config/files.hpp"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <system_error>

#include <fmt/format.h>

namespace sundial::config {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPiece = 64 * 1024;

Result<std::string> read_file(const std::string& path, std::size_t limit) {
  std::error_code problem;
  if (fs::is_directory(path, problem)) return Error{ErrorKind::invalid, "is a folder, not a file"};
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    const int reason = errno;
    return Error{reason == ENOENT ? ErrorKind::not_found : ErrorKind::unavailable,
                 fmt::format("cannot be read: {}", std::generic_category().message(reason))};
  }
  // In pieces: room for the most that there may be would be the most that the agent ever needs.
  std::string bytes;
  while (file && bytes.size() <= limit) {
    const std::size_t before = bytes.size();
    bytes.resize(before + std::min(kPiece, limit + 1 - before));
    file.read(bytes.data() + before, static_cast<std::streamsize>(bytes.size() - before));
    bytes.resize(before + static_cast<std::size_t>(file.gcount()));
  }
  if (file.bad()) return Error{ErrorKind::unavailable, "cannot be read to its end"};
  if (bytes.size() > limit) {
    return Error{ErrorKind::exhausted, fmt::format("is larger than {} KiB", limit / 1024)};
  }
  return bytes;
}

Result<std::vector<std::string>> list_folder(const std::string& folder) {
  std::error_code problem;
  std::vector<std::string> names;
  if (!fs::exists(folder, problem)) return names;
  fs::directory_iterator entry(folder, problem);
  for (; !problem && entry != fs::directory_iterator(); entry.increment(problem)) {
    names.push_back(entry->path().filename().string());
  }
  if (problem) return Error{ErrorKind::unavailable, fmt::format("cannot be listed: {}", problem.message())};
  std::sort(names.begin(), names.end());
  return names;
}

// Libraries want certificates by path; what came as text never goes to a disk for it. The same text, as
// after a reload, is the same file; another one stays too, since a connection may still open it by its
// path.
class HeldFiles {
 public:
  Result<std::string> hold(const std::string& content) {
    const auto known = paths_.find(content);
    if (known != paths_.end()) return known->second;
    const int handle = ::memfd_create("sundial", MFD_CLOEXEC);
    if (handle < 0) return Error{ErrorKind::unavailable, "no file in memory can be made"};
    const auto size = static_cast<ssize_t>(content.size());
    if (::fchmod(handle, S_IRUSR | S_IWUSR) != 0 || ::write(handle, content.data(), content.size()) != size) {
      ::close(handle);
      return Error{ErrorKind::unavailable, "a file in memory can't be written"};
    }
    return paths_[content] = fmt::format("{}{}", kHeldFolder, handle);
  }

 private:
  std::map<std::string, std::string> paths_;
};

}  // namespace

Files system_files() {
  return {
      .read = read_file,
      .list = list_folder,
      .exists =
          [](const std::string& path) {
            std::error_code problem;
            return fs::exists(path, problem);
          },
      .others_may_read =
          [](const std::string& path) {
            std::error_code problem;
            const fs::perms mode = fs::status(path, problem).permissions();
            return !problem && (mode & fs::perms::others_read) != fs::perms::none;
          },
      .hold = [held =
                   std::make_shared<HeldFiles>()](const std::string& content) { return held->hold(content); },
  };
}

Result<std::string> read_secret(const Files& files, const std::string& path, std::size_t raw_size) {
  constexpr std::size_t limit = 64 * 1024;
  Result<std::string> text = files.read(path, limit);
  if (!text) return text.error().within(path);
  if (raw_size > 0 && text.value().size() == raw_size) return text;
  std::string secret = std::move(text).value();
  if (secret.ends_with('\n')) secret.pop_back();
  if (secret.ends_with('\r')) secret.pop_back();
  return secret;
}

}  // namespace sundial::config
