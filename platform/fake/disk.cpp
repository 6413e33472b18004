// The disk's memory: what a reader sees, what is durable, and what lies between.
#include "platform/fake/disk.hpp"

#include <algorithm>
#include <cstring>

namespace sundial {
namespace {

constexpr std::size_t kSector = 512;

std::uint64_t draw(std::uint64_t& state) {  // splitmix64
  std::uint64_t z = (state += 0x9E3779B97F4A7C15U);
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31U);
}

void put(std::string& content, std::uint64_t offset, std::string_view bytes) {
  if (content.size() < offset + bytes.size())
    content.resize(static_cast<std::size_t>(offset) + bytes.size(), '\0');
  std::memcpy(content.data() + offset, bytes.data(), bytes.size());
}

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

Error gone() {
  return {ErrorKind::unavailable, "the process that opened this has died"};
}
Error full() {
  return {ErrorKind::exhausted, "no space left on the disk"};
}

}  // namespace

class FakeFile final : public File {
 public:
  FakeFile(FakeDisk& disk, std::shared_ptr<FakeDisk::Inode> inode)
      : disk_(disk), inode_(std::move(inode)), generation_(disk.generation_) {}

  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) override {
    const std::lock_guard lock(disk_.mutex_);
    if (const auto bad = check(FakeDisk::Operation::read)) return bad->error;
    const std::string& content = inode_->current;
    if (offset >= content.size()) return std::size_t{0};
    const std::size_t count = std::min(into.size(), content.size() - static_cast<std::size_t>(offset));
    std::memcpy(into.data(), content.data() + offset, count);
    return count;
  }

  Result<void> write_at(std::uint64_t offset, std::string_view bytes) override {
    const std::lock_guard lock(disk_.mutex_);
    const auto bad = check(FakeDisk::Operation::write);
    if (bad) {
      if (generation_ == disk_.generation_) disk_.write(*inode_, offset, bytes.substr(0, bad->bytes_done));
      return bad->error;
    }
    if (const auto problem = disk_.write(*inode_, offset, bytes)) return *problem;
    return {};
  }

  Result<void> sync() override {
    const std::lock_guard lock(disk_.mutex_);
    if (const auto bad = check(FakeDisk::Operation::sync)) {
      // As Linux does it: some of it was written, the rest is forgotten, and the next sync succeeds.
      std::uint64_t random = disk_.operations_;
      FakeDisk::keep_some(*inode_, random);
      return bad->error;
    }
    ++disk_.syncs_;
    if (disk_.leave_out_syncs_) return {};
    for (const FakeDisk::Change& change : inode_->pending) put(inode_->durable, change.offset, change.bytes);
    inode_->pending.clear();
    return {};
  }

  Result<void> preallocate(std::uint64_t size) override {
    {
      const std::lock_guard lock(disk_.mutex_);
      if (const auto bad = check(FakeDisk::Operation::preallocate)) return bad->error;
      const std::uint64_t present = inode_->current.size();
      if (present < size) {
        const std::string zeros(static_cast<std::size_t>(size - present), '\0');
        if (const auto problem = disk_.write(*inode_, present, zeros)) return *problem;
      }
    }
    return sync();
  }

  Result<std::uint64_t> size() override {
    const std::lock_guard lock(disk_.mutex_);
    if (generation_ != disk_.generation_) return gone();
    return std::uint64_t{inode_->current.size()};
  }

 private:
  std::optional<FakeDisk::Fault> check(FakeDisk::Operation operation) {
    if (generation_ != disk_.generation_) return FakeDisk::Fault{gone()};
    return disk_.next(operation);
  }

  FakeDisk& disk_;
  std::shared_ptr<FakeDisk::Inode> inode_;
  std::uint64_t generation_;
};

class FakeLock final : public FileLock {
 public:
  FakeLock(FakeDisk& disk, std::string path)
      : disk_(disk), path_(std::move(path)), generation_(disk.generation_) {}
  ~FakeLock() override {
    const std::lock_guard lock(disk_.mutex_);
    if (generation_ == disk_.generation_) disk_.locks_.erase(path_);
  }
  FakeLock(const FakeLock&) = delete;
  FakeLock& operator=(const FakeLock&) = delete;

 private:
  FakeDisk& disk_;
  std::string path_;
  std::uint64_t generation_;
};

std::optional<FakeDisk::Fault> FakeDisk::next(Operation operation) {
  ++operations_;
  return plan_ ? plan_(operations_, operation) : std::nullopt;
}

std::uint64_t FakeDisk::used() const {
  std::uint64_t sum = 0;
  for (const auto& [path, inode] : names_) sum += inode->current.size();
  return sum;
}

std::optional<Error> FakeDisk::write(Inode& inode, std::uint64_t offset, std::string_view bytes) {
  if (capacity_ != UINT64_MAX) {
    const std::uint64_t end = std::max<std::uint64_t>(inode.current.size(), offset + bytes.size());
    if (used() + (end - inode.current.size()) > capacity_) return full();
  }
  written_ += bytes.size();
  put(inode.current, offset, bytes);
  inode.pending.push_back({offset, std::string(bytes)});
  return std::nullopt;
}

void FakeDisk::apply(Names& names, const Renaming& change) {
  if (!change.from.empty()) names.erase(change.from);
  if (!change.to.empty()) names[change.to] = change.inode;
}

Result<std::unique_ptr<File>> FakeDisk::open(const std::string& path, Opening opening) {
  const std::lock_guard lock(mutex_);
  if (const auto bad = next(Operation::open)) return bad->error;
  auto found = names_.find(path);
  if (found == names_.end()) {
    if (opening == Opening::existing)
      return Error(ErrorKind::not_found, "can't open " + path + ": no such file");
    found = names_.emplace(path, std::make_shared<Inode>()).first;
    pending_names_.push_back({"", path, found->second});
  }
  return std::unique_ptr<File>(std::make_unique<FakeFile>(*this, found->second));
}

Result<void> FakeDisk::rename(const std::string& from, const std::string& to) {
  const std::lock_guard lock(mutex_);
  if (const auto bad = next(Operation::rename)) return bad->error;
  const auto found = names_.find(from);
  if (found == names_.end()) return Error(ErrorKind::not_found, "can't rename " + from + ": no such file");
  const Renaming change{from, to, found->second};
  apply(names_, change);
  pending_names_.push_back(change);
  return {};
}

Result<void> FakeDisk::remove(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (const auto bad = next(Operation::remove)) return bad->error;
  if (!names_.contains(path)) return Error(ErrorKind::not_found, "can't remove " + path + ": no such file");
  const Renaming change{path, "", nullptr};
  apply(names_, change);
  pending_names_.push_back(change);
  return {};
}

Result<void> FakeDisk::make_directory(const std::string&) {
  const std::lock_guard lock(mutex_);
  if (const auto bad = next(Operation::make_directory)) return bad->error;
  return {};
}

Result<void> FakeDisk::sync_directory(const std::string&) {
  const std::lock_guard lock(mutex_);
  if (const auto bad = next(Operation::sync_directory)) return bad->error;
  for (const Renaming& change : pending_names_) apply(durable_names_, change);
  pending_names_.clear();
  return {};
}

Result<std::vector<std::string>> FakeDisk::list(const std::string& directory) {
  const std::lock_guard lock(mutex_);
  if (const auto bad = next(Operation::list)) return bad->error;
  std::vector<std::string> names;
  for (const auto& [path, inode] : names_) {
    if (directory_of(path) == directory) names.push_back(path.substr(directory.size() + 1));
  }
  return names;
}

Result<std::unique_ptr<FileLock>> FakeDisk::lock(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (!locks_.insert(path).second) {
    return Error(ErrorKind::conflict, "another agent (pid 1) uses this state: " + path + " is locked");
  }
  return std::unique_ptr<FileLock>(std::make_unique<FakeLock>(*this, path));
}

Result<DiskRoom> FakeDisk::room(const std::string&) {
  const std::lock_guard lock(mutex_);
  return DiskRoom{capacity_ - std::min(capacity_, used()), capacity_};
}

void FakeDisk::crash() {
  const std::lock_guard lock(mutex_);
  ++generation_;
  locks_.clear();
}

void FakeDisk::keep_some(Inode& inode, std::uint64_t& random) {
  enum class Mode { nothing, prefix, sectors, all };
  const Mode mode{static_cast<int>(draw(random) % 4)};
  const std::size_t kept = inode.pending.empty() ? 0 : draw(random) % inode.pending.size();
  for (std::size_t i = 0; i < inode.pending.size(); ++i) {
    const Change& change = inode.pending[i];
    if (mode == Mode::all || (mode == Mode::prefix && i < kept)) {
      put(inode.durable, change.offset, change.bytes);
    } else if (mode == Mode::prefix && i == kept) {
      const std::size_t length = draw(random) % (change.bytes.size() + 1);
      put(inode.durable, change.offset, std::string_view(change.bytes).substr(0, length));
    } else if (mode == Mode::sectors) {
      std::uint64_t at = change.offset;
      const std::uint64_t end = change.offset + change.bytes.size();
      while (at < end) {
        const std::uint64_t next = std::min<std::uint64_t>(end, (at / kSector + 1) * kSector);
        const std::string_view part = std::string_view(change.bytes).substr(at - change.offset, next - at);
        if (draw(random) % 2 == 0) put(inode.durable, at, part);
        at = next;
      }
    }
  }
  inode.pending.clear();
}

void FakeDisk::power_cut(std::uint64_t seed) {
  crash();
  const std::lock_guard lock(mutex_);
  std::uint64_t random = seed;
  // A journalling file system keeps the order of names: some first of them are there.
  const std::size_t kept = pending_names_.empty() ? 0 : draw(random) % (pending_names_.size() + 1);
  for (std::size_t i = 0; i < kept; ++i) apply(durable_names_, pending_names_[i]);
  pending_names_.clear();
  names_ = durable_names_;
  for (auto& [path, inode] : names_) {
    keep_some(*inode, random);
    inode->current = inode->durable;
  }
  plan_ = nullptr;
}

void FakeDisk::damage(const std::string& path, std::uint64_t offset, std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  const auto found = names_.find(path);
  if (found == names_.end()) return;
  put(found->second->current, offset, bytes);
  put(found->second->durable, offset, bytes);
}

}  // namespace sundial
