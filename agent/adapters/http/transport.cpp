// Plain sockets.
#include "agent/adapters/http/transport.hpp"

#include <sys/socket.h>

#include <cerrno>

namespace sundial::http {

namespace {

class PlainTransport final : public Transport {
 public:
  explicit PlainTransport(UniqueFd descriptor) : descriptor_(std::move(descriptor)) {}

  Transfer begin() override { return {}; }

  Transfer read(std::span<char> into) override {
    const ssize_t count = ::recv(descriptor_.get(), into.data(), into.size(), 0);
    if (count == 0) return {Transfer::Status::ended, 0};
    return result(count, Transfer::Status::wants_read);
  }

  Transfer write(std::string_view bytes) override {
    return result(::send(descriptor_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
                  Transfer::Status::wants_write);
  }

  void finish_writing() override { ::shutdown(descriptor_.get(), SHUT_WR); }
  int descriptor() const override { return descriptor_.get(); }

 private:
  static Transfer result(ssize_t count, Transfer::Status when_it_would_block) {
    if (count >= 0) return {Transfer::Status::done, static_cast<std::size_t>(count)};
    if (errno == EAGAIN || errno == EINTR) return {when_it_would_block, 0};
    return {Transfer::Status::failed, 0};
  }

  UniqueFd descriptor_;
};

}  // namespace

std::unique_ptr<Transport> plain_transport(UniqueFd descriptor) {
  return std::make_unique<PlainTransport>(std::move(descriptor));
}

}  // namespace sundial::http
