// A connection's bytes, plain or under TLS, without ever waiting.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "platform/linux/unique_fd.hpp"

namespace sundial::http {

struct Transfer {
  enum class Status { done, wants_read, wants_write, ended, failed };
  Status status = Status::done;
  std::size_t bytes = 0;
};

class Transport {
 public:
  virtual ~Transport() = default;
  // TLS shakes hands first; plain is done at once.
  virtual Transfer begin() = 0;
  virtual Transfer read(std::span<char> into) = 0;
  virtual Transfer write(std::string_view bytes) = 0;
  // Says that nothing more will be written.
  virtual void finish_writing() = 0;
  virtual int descriptor() const = 0;
};

std::unique_ptr<Transport> plain_transport(UniqueFd descriptor);

}  // namespace sundial::http
