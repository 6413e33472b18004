// The notification protocol against a socket of the test, and the clock's readings.
#include "platform/linux/supervisor.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstring>

#include "platform/linux/clock.hpp"
#include "platform/linux/unique_fd.hpp"

namespace sundial {
namespace {

TEST(Supervisor, SpeaksToTheSocketOfTheEnvironment) {
  const std::string name = "@sundial-test-" + std::to_string(::getpid());
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path + 1, name.data() + 1, name.size() - 1);
  UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0));
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  ASSERT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), length), 0);
  const auto heard = [&] {
    std::array<char, 256> buffer{};
    const auto size = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
    return size < 0 ? std::string("nothing") : std::string(buffer.data(), static_cast<std::size_t>(size));
  };

  const auto supervisor = make_supervisor({{"NOTIFY_SOCKET", name}, {"WATCHDOG_USEC", "30000000"}});
  supervisor->ready();
  EXPECT_EQ(heard(), "READY=1");
  supervisor->reloading();
  EXPECT_TRUE(heard().starts_with("RELOADING=1\nMONOTONIC_USEC="));
  supervisor->status("all\nwell");
  EXPECT_EQ(heard(), "STATUS=all\\nwell");
  supervisor->alive();
  EXPECT_EQ(heard(), "WATCHDOG=1");
  supervisor->stopping();
  EXPECT_EQ(heard(), "STOPPING=1");
  EXPECT_EQ(supervisor->patience(), Millis{30'000});
}

TEST(Supervisor, SaysNothingWithoutASocketAndHeedsTheWatchdogsPid) {
  const auto supervisor = make_supervisor({{"WATCHDOG_USEC", "1000"}, {"WATCHDOG_PID", "1"}});
  supervisor->ready();
  EXPECT_FALSE(supervisor->patience());
}

TEST(LinuxClock, GoesForward) {
  const LinuxClock clock;
  const Moment before = clock.now();
  EXPECT_GE(clock.now().elapsed, before.elapsed);
  EXPECT_GT(clock.since_boot(), Millis{0});
  EXPECT_FALSE(clock.boot_id().empty());
}

}  // namespace
}  // namespace sundial
