// Files of the real file system.
#pragma once

#include <atomic>

#include "platform/file.hpp"

namespace sundial {

class LinuxDisk final : public Disk {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path, Opening opening) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;
  Result<void> make_directory(const std::string& path) override;
  Result<void> sync_directory(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& directory) override;
  Result<std::unique_ptr<FileLock>> lock(const std::string& path) override;
  Result<DiskRoom> room(const std::string& directory) override;
  std::uint64_t written_bytes() const override { return written_; }

 private:
  std::atomic<std::uint64_t> written_ = 0;
};

}  // namespace sundial
