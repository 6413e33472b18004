// What every disk promises, checked on the real file system and on the one in memory.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>

#include "platform/fake/disk.hpp"
#include "platform/linux/disk.hpp"

namespace sundial {
namespace {

struct OnLinux {
  OnLinux() {
    std::string pattern = (std::filesystem::temp_directory_path() / "sundial-disk-XXXXXX").string();
    place = ::mkdtemp(pattern.data());
  }
  ~OnLinux() { std::filesystem::remove_all(place); }
  LinuxDisk disk;
  std::string place;
};

struct InMemory {
  FakeDisk disk;
  std::string place = "/state";
};

template <typename Place>
class DiskContract : public testing::Test {
 protected:
  Disk& disk() { return place_.disk; }
  std::string path(const std::string& name) { return place_.place + "/" + name; }
  std::string directory() { return place_.place; }
  Place place_;
};

using Places = testing::Types<OnLinux, InMemory>;
TYPED_TEST_SUITE(DiskContract, Places);

TYPED_TEST(DiskContract, ReadsWhatWasWritten) {
  auto file = this->disk().open(this->path("a"), Opening::create);
  ASSERT_TRUE(file);
  ASSERT_TRUE((*file)->write_at(3, "hello"));
  ASSERT_TRUE((*file)->sync());
  EXPECT_EQ(*(*file)->size(), 8U);
  EXPECT_EQ(this->disk().read_all(this->path("a"), 100).value(), std::string("\0\0\0hello", 8));
  std::string short_read(100, 'x');
  EXPECT_EQ(*(*file)->read_at(6, short_read), 2U);
  EXPECT_EQ(*(*file)->read_at(50, short_read), 0U);
}

TYPED_TEST(DiskContract, SaysThatAFileIsNotThere) {
  EXPECT_EQ(this->disk().open(this->path("none"), Opening::existing).error().kind(), ErrorKind::not_found);
  EXPECT_EQ(this->disk().remove(this->path("none")).error().kind(), ErrorKind::not_found);
  EXPECT_EQ(this->disk().rename(this->path("none"), this->path("b")).error().kind(), ErrorKind::not_found);
}

TYPED_TEST(DiskContract, PreallocatesZerosAndKeepsWhatIsThere) {
  auto file = std::move(*this->disk().open(this->path("a"), Opening::create));
  ASSERT_TRUE(file->write_at(0, "abc"));
  ASSERT_TRUE(file->preallocate(100'000));
  EXPECT_EQ(*file->size(), 100'000U);
  const std::string content = *this->disk().read_all(this->path("a"), 200'000);
  EXPECT_TRUE(content.starts_with(std::string("abc\0", 4)));
  EXPECT_EQ(content.find_first_not_of('\0', 3), std::string::npos);
  EXPECT_GE(this->disk().written_bytes(), 100'000U);
}

TYPED_TEST(DiskContract, RenamesOverAndLists) {
  (void)this->disk().open(this->path("a"), Opening::create);
  auto file = std::move(*this->disk().open(this->path("b"), Opening::create));
  ASSERT_TRUE(file->write_at(0, "new"));
  ASSERT_TRUE(this->disk().rename(this->path("b"), this->path("a")));
  ASSERT_TRUE(this->disk().sync_directory(this->directory()));
  EXPECT_EQ(*this->disk().list(this->directory()), std::vector<std::string>{"a"});
  EXPECT_EQ(*this->disk().read_all(this->path("a"), 10), "new");
  ASSERT_TRUE(this->disk().remove(this->path("a")));
  EXPECT_TRUE(this->disk().list(this->directory())->empty());
}

TYPED_TEST(DiskContract, ReadsNoFileBeyondTheLimit) {
  auto file = std::move(*this->disk().open(this->path("a"), Opening::create));
  ASSERT_TRUE(file->write_at(0, "12345"));
  EXPECT_EQ(this->disk().read_all(this->path("a"), 4).error().kind(), ErrorKind::exhausted);
}

TYPED_TEST(DiskContract, SaysHowMuchRoomThereIs) {
  const auto room = this->disk().room(this->directory());
  ASSERT_TRUE(room);
  EXPECT_GT(room->free, 0U);
  EXPECT_GE(room->total, room->free);
}

TYPED_TEST(DiskContract, LocksOnceAndNamesTheOther) {
  auto first = this->disk().lock(this->path("lock"));
  ASSERT_TRUE(first);
  const auto second = this->disk().lock(this->path("lock"));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind(), ErrorKind::conflict);
  EXPECT_NE(second.error().message().find("another agent (pid "), std::string::npos);
  first->reset();
  EXPECT_TRUE(this->disk().lock(this->path("lock")));
}

TEST(LinuxDisk, MakesDirectoriesAndFilesForTheirOwnerAlone) {
  OnLinux linux_place;
  const std::string directory = linux_place.place + "/deep/state";
  ASSERT_TRUE(linux_place.disk.make_directory(directory));
  ASSERT_TRUE(linux_place.disk.open(directory + "/a", Opening::create));
  struct stat status {};
  ASSERT_EQ(::stat(directory.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0700U);
  ASSERT_EQ(::stat((directory + "/a").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST(FakeDisk, HasAsMuchRoomAsItsCapacityLeaves) {
  FakeDisk disk;
  disk.set_capacity(10);
  auto file = std::move(*disk.open("/s/a", Opening::create));
  ASSERT_TRUE(file->write_at(0, "1234567"));
  EXPECT_EQ(disk.room("/s")->free, 3U);
  EXPECT_EQ(file->write_at(7, "1234").error().kind(), ErrorKind::exhausted);
}

TEST(FakeDisk, LosesAtAPowerCutOnlyWhatWasNotSynced) {
  bool lost = false, kept = false, torn = false;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    FakeDisk disk;
    auto file = std::move(*disk.open("/s/a", Opening::create));
    ASSERT_TRUE(disk.sync_directory("/s"));
    ASSERT_TRUE(file->write_at(0, "safe"));
    ASSERT_TRUE(file->sync());
    ASSERT_TRUE(file->write_at(4, "risk"));
    disk.power_cut(seed);
    const std::string content = *disk.read_all("/s/a", 100);
    ASSERT_TRUE(content.starts_with("safe")) << seed;
    lost |= content == "safe";
    kept |= content == "saferisk";
    torn |= content.size() > 4 && content.size() < 8;
    EXPECT_FALSE(file->write_at(0, "x")) << "a dead process writes";
  }
  EXPECT_TRUE(lost && kept && torn);
}

TEST(FakeDisk, LosesANameWhoseDirectoryWasNotSynced) {
  bool lost = false, kept = false;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    FakeDisk disk;
    auto file = std::move(*disk.open("/s/a", Opening::create));
    ASSERT_TRUE(file->write_at(0, "x"));
    ASSERT_TRUE(file->sync());
    disk.power_cut(seed);
    (disk.list("/s")->empty() ? lost : kept) = true;
  }
  EXPECT_TRUE(lost && kept);
}

TEST(FakeDisk, FailsWhereItIsTold) {
  FakeDisk disk;
  disk.set_fault_plan([](std::uint64_t number, FakeDisk::Operation) -> std::optional<FakeDisk::Fault> {
    if (number != 2) return std::nullopt;
    return FakeDisk::Fault{Error(ErrorKind::unavailable, "input/output error"), 2};
  });
  auto file = std::move(*disk.open("/s/a", Opening::create));
  EXPECT_FALSE(file->write_at(0, "abcd"));
  EXPECT_EQ(*disk.read_all("/s/a", 10), "ab");
}

TEST(FakeDisk, IsFullWhereItEnds) {
  FakeDisk disk;
  disk.set_capacity(10);
  auto file = std::move(*disk.open("/s/a", Opening::create));
  EXPECT_TRUE(file->write_at(0, "0123456789"));
  EXPECT_TRUE(file->write_at(5, "again"));
  EXPECT_EQ(file->write_at(10, "x").error().kind(), ErrorKind::exhausted);
}

}  // namespace
}  // namespace sundial
