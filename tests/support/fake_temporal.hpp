// The fake frontend as a child process that ends with its owner.
#pragma once

#include <sys/types.h>

#include <string>

namespace sundial::test {

class FakeTemporal {
 public:
  FakeTemporal();
  ~FakeTemporal();
  FakeTemporal(const FakeTemporal&) = delete;
  FakeTemporal& operator=(const FakeTemporal&) = delete;

  const std::string& address() const { return address_; }  // "" where it did not start

 private:
  pid_t child_ = -1;
  int input_ = -1;
  std::string address_;
};

}  // namespace sundial::test
