// Reads a frontend's URL.
#include <charconv>

#include "agent/adapters/temporal/transport.hpp"

namespace sundial::temporal {
namespace {

Error wrong(std::string_view url) {
  return {ErrorKind::invalid,
          "\"" + std::string(url) + "\" is no address: http://HOST:7243 or https://HOST is"};
}

// Takes ":port" off the end; an IPv6 address stands in brackets.
bool take_port(std::string_view& authority, int& port) {
  const std::size_t colon = authority.rfind(':');
  const std::size_t bracket = authority.rfind(']');
  if (colon == std::string_view::npos || (bracket != std::string_view::npos && bracket > colon)) return true;
  const std::string_view digits = authority.substr(colon + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  authority = authority.substr(0, colon);
  return error == std::errc() && end == digits.data() + digits.size() && port > 0 && port < 65536;
}

}  // namespace

Result<Address> parse_address(std::string_view url) {
  Address address;
  address.text = std::string(url);
  std::string_view rest = url;
  if (rest.starts_with("https://")) {
    address.tls = true;
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else {
    return wrong(url);
  }
  address.port = address.tls ? 443 : 80;
  const std::size_t slash = rest.find('/');
  std::string_view authority = rest.substr(0, slash);
  if (slash != std::string_view::npos) address.base = std::string(rest.substr(slash));
  while (address.base.ends_with('/')) address.base.pop_back();
  if (!take_port(authority, address.port)) return wrong(url);
  if (authority.starts_with('[') && authority.ends_with(']'))
    authority = authority.substr(1, authority.size() - 2);
  const bool odd = address.base.find_first_of("?#") != std::string::npos ||
                   authority.find_first_of("@?# ") != std::string_view::npos;
  if (authority.empty() || odd) return wrong(url);
  address.host = std::string(authority);
  return address;
}

}  // namespace sundial::temporal
