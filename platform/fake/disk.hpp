// A disk in memory that loses at a power cut what was not synced, and fails where it is told to.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>

#include "platform/file.hpp"

namespace sundial {

class FakeDisk final : public Disk {
 public:
  enum class Operation {
    open,
    read,
    write,
    sync,
    preallocate,
    rename,
    remove,
    make_directory,
    sync_directory,
    list
  };
  struct Fault {
    Error error;
    std::size_t bytes_done = 0;  // of a write: so much of it happened
  };
  // Asked before each operation, with its running number from 1.
  using FaultPlan = std::function<std::optional<Fault>(std::uint64_t number, Operation operation)>;

  Result<std::unique_ptr<File>> open(const std::string& path, Opening opening) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;
  Result<void> make_directory(const std::string& path) override;
  Result<void> sync_directory(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& directory) override;
  Result<std::unique_ptr<FileLock>> lock(const std::string& path) override;
  Result<DiskRoom> room(const std::string& directory) override;
  std::uint64_t written_bytes() const override { return written_; }

  void set_fault_plan(FaultPlan plan) { plan_ = std::move(plan); }
  void set_capacity(std::uint64_t bytes) { capacity_ = bytes; }
  // A disk that lies: what it was told to sync it only may have.
  void leave_out_syncs(bool leave_out) { leave_out_syncs_ = leave_out; }
  std::uint64_t operations() const { return operations_; }
  std::uint64_t syncs() const { return syncs_; }

  // The process died: its locks are gone and its open files answer with errors.
  void crash();
  // The power went: a crash, after which of all that was not synced nothing, a part that is torn
  // anywhere, some 512-byte sectors or everything is there, as the seed decides.
  void power_cut(std::uint64_t seed);
  // Bytes go bad under the agent's feet.
  void damage(const std::string& path, std::uint64_t offset, std::string_view bytes);

 private:
  friend class FakeFile;
  friend class FakeLock;

  struct Change {  // since the last sync
    std::uint64_t offset = 0;
    std::string bytes;
  };
  struct Inode {
    std::string current;
    std::string durable;
    std::vector<Change> pending;
  };
  using Names = std::map<std::string, std::shared_ptr<Inode>>;
  struct Renaming {  // a change of the directory; no `from`: made, no `to`: removed
    std::string from;
    std::string to;
    std::shared_ptr<Inode> inode;
  };

  std::optional<Fault> next(Operation operation);
  std::optional<Error> write(Inode& inode, std::uint64_t offset, std::string_view bytes);
  std::uint64_t used() const;
  static void apply(Names& names, const Renaming& change);
  // Of what was not synced nothing, a torn part or everything.
  static void keep_some(Inode& inode, std::uint64_t& random);

  mutable std::mutex mutex_;
  FaultPlan plan_;
  std::uint64_t capacity_ = UINT64_MAX;
  bool leave_out_syncs_ = false;
  std::uint64_t operations_ = 0;
  std::uint64_t syncs_ = 0;
  std::uint64_t written_ = 0;
  std::uint64_t generation_ = 0;
  Names names_;
  Names durable_names_;
  std::vector<Renaming> pending_names_;
  std::set<std::string> locks_;
};

}  // namespace sundial
