// The files that configuration is read from, as far as the loader needs them.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "platform/base/result.hpp"

namespace sundial::config {

// Where the files in memory are.
inline constexpr const char* kHeldFolder = "/proc/self/fd/";

// Handed in, so that tests can have files of their own.
struct Files {
  // The bytes of a file of at most `limit` bytes; anything else is said in words for people.
  std::function<Result<std::string>(const std::string& path, std::size_t limit)> read;
  // The names in a folder, in byte order; an empty list where there is no such folder.
  std::function<Result<std::vector<std::string>>(const std::string& folder)> list;
  std::function<bool(const std::string& path)> exists;
  // Whether everyone on the machine may read it.
  std::function<bool(const std::string& path)> others_may_read;
  // The path of a file in memory with this content, which stays as long as the process.
  std::function<Result<std::string>(const std::string& content)> hold{};
};

Files system_files();

// A secret: the file's text without the line end at its end, but a file of exactly `raw_size` bytes
// as it stands.
Result<std::string> read_secret(const Files& files, const std::string& path, std::size_t raw_size = 0);

}  // namespace sundial::config
