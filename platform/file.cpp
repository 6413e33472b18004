// What every disk can do with the operations that it has.
#include "platform/file.hpp"

namespace sundial {

Result<std::string> Disk::read_all(const std::string& path, std::size_t limit) {
  auto file = open(path, Opening::existing);
  if (!file) return file.error();
  const auto size = (*file)->size();
  if (!size) return size.error();
  if (*size > limit) return Error(ErrorKind::exhausted, path + " is too large");
  std::string bytes(static_cast<std::size_t>(*size), '\0');
  const auto count = (*file)->read_at(0, bytes);
  if (!count) return count.error();
  bytes.resize(*count);
  return bytes;
}

}  // namespace sundial
