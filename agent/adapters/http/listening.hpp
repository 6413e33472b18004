// Listening sockets and what the kernel says of a peer.
#pragma once

#include <string>
#include <vector>

#include "platform/base/result.hpp"
#include "platform/linux/unique_fd.hpp"

struct sockaddr_storage;

namespace sundial::http {

// "127.0.0.1:8000", "[::1]:8000", "name:8000"; port 0 takes a free one. A name that has several
// addresses is listened on at each of them.
Result<std::vector<UniqueFd>> listen_on(const std::string& address);

// "127.0.0.1:8000" or "[::1]:8000".
std::string local_address_of(int descriptor);

struct Peer {
  std::string address;  // without the port; IPv4 within IPv6 as IPv4
  bool loopback = false;
  std::string local_address;  // our end's, without the port
};
Peer peer_of(int descriptor, const sockaddr_storage& address);

}  // namespace sundial::http
