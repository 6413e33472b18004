// Addresses, taken apart without a library.
#include "agent/config/address.hpp"

#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "platform/base/text.hpp"

namespace sundial::config {
namespace {

struct HostPort {
  std::string host;  // an IPv6 address with its brackets
  std::optional<int> port;
};

std::optional<int> parse_port(std::string_view text) {
  int port = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool good = problem == std::errc{} && end == text.data() + text.size() && port >= 0 && port <= 65535;
  return good ? std::optional<int>(port) : std::nullopt;
}

bool is_host(std::string_view host) {
  for (char c : host) {
    if (static_cast<unsigned char>(c) <= 0x20 ||
        std::string_view("/?#@<>\"\\").find(c) != std::string_view::npos) {
      return false;
    }
  }
  return true;
}

Result<HostPort> parse_host_port(std::string_view text) {
  const Error bad{ErrorKind::invalid, fmt::format("'{}' is no HOST:PORT", printable(text, 80))};
  HostPort parsed;
  std::size_t colon = text.rfind(':');
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return bad;
    if (colon < close) colon = std::string_view::npos;
    if (colon != std::string_view::npos && colon != close + 1) return bad;
  } else if (colon != std::string_view::npos && text.find(':') != colon) {
    return Error{ErrorKind::invalid, fmt::format("'{}': an IPv6 address goes in brackets, such as [::1]:8000",
                                                 printable(text, 80))};
  }
  parsed.host = text.substr(0, colon);
  if (!is_host(parsed.host)) return bad;
  if (colon != std::string_view::npos) {
    parsed.port = parse_port(text.substr(colon + 1));
    if (!parsed.port) {
      return Error{ErrorKind::invalid,
                   fmt::format("'{}': a port is a number up to 65535", printable(text, 80))};
    }
  }
  return parsed;
}

bool ends_in_domain(std::string_view host, std::string_view domain) {
  const std::string name = lower_ascii(host);
  return name == domain || name.ends_with("." + std::string(domain));
}

bool is_temporal_cloud(std::string_view host) {
  return ends_in_domain(host, "tmprl.cloud") || ends_in_domain(host, "api.temporal.io");
}

Error cloud_refusal(std::string_view host) {
  return {
      ErrorKind::unsupported,
      fmt::format(
          "{} is Temporal Cloud, which has no HTTP API yet; use the address of your own server's HTTP API "
          "(such as http://HOST:7243)",
          printable(host, 80))};
}

Error unknown_scheme(std::string_view address) {
  return {ErrorKind::invalid,
          fmt::format("'{}': expected http://HOST:PORT or https://HOST:PORT", printable(address, 80))};
}

// An address that has a scheme, checked.
Result<TemporalAddress> with_scheme(std::string_view address) {
  const std::size_t scheme_end = address.find("://");
  const std::string scheme = lower_ascii(address.substr(0, scheme_end));
  if (scheme != "http" && scheme != "https") return unknown_scheme(address);
  const std::string_view rest = address.substr(scheme_end + 3);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  if (authority.find('@') != std::string_view::npos) {
    return Error{ErrorKind::invalid, "an address holds no user and password; use api_key_file"};
  }
  if (rest.find_first_of("?#") != std::string_view::npos) return unknown_scheme(address);
  const Result<HostPort> parsed = parse_host_port(authority);
  if (!parsed) return parsed.error();
  if (parsed.value().host.empty()) return unknown_scheme(address);
  if (is_temporal_cloud(parsed.value().host)) return cloud_refusal(parsed.value().host);
  std::string url(address);
  while (url.ends_with('/')) url.pop_back();
  return TemporalAddress{std::move(url), ""};
}

}  // namespace

bool is_bare(std::string_view address) {
  return address.find("://") == std::string_view::npos;
}

Result<TemporalAddress> temporal_address(std::string_view address, bool secure) {
  address = trim(address);
  if (!is_bare(address)) return with_scheme(address);
  const Result<HostPort> parsed = parse_host_port(address);
  if (!parsed) return parsed.error();
  const std::string& host = parsed.value().host;
  if (host.empty()) return unknown_scheme(address);
  if (is_temporal_cloud(host)) return cloud_refusal(host);
  std::string url = fmt::format("{}://{}:7243", secure ? "https" : "http", host);
  std::string note = fmt::format("{} is gRPC's address, meant for workers; read as the HTTP API at {}",
                                 printable(address, 80), url);
  return TemporalAddress{std::move(url), std::move(note)};
}

Result<TemporalAddress> temporal_http_address(std::string_view address, bool secure) {
  address = trim(address);
  return with_scheme(is_bare(address) ? fmt::format("{}://{}", secure ? "https" : "http", address)
                                      : std::string(address));
}

Result<void> set_broker(std::string_view url, model::MqttSettings& into) {
  url = trim(url);
  const Error bad{ErrorKind::invalid, "expected mqtt://HOST[:PORT], or mqtts:// for TLS"};
  const std::size_t scheme_end = url.find("://");
  const std::string scheme = lower_ascii(url.substr(0, scheme_end));
  if (scheme_end == std::string_view::npos || (scheme != "mqtt" && scheme != "mqtts")) return bad;
  std::string_view authority = url.substr(scheme_end + 3);
  if (authority.ends_with('/')) authority.remove_suffix(1);
  const std::size_t at = authority.rfind('@');
  if (at != std::string_view::npos) {
    const std::string_view user = authority.substr(0, at);
    const std::size_t colon = user.find(':');
    const auto name = percent_decode(user.substr(0, colon));
    const auto password =
        percent_decode(colon == std::string_view::npos ? std::string_view() : user.substr(colon + 1));
    if (!name || !password) return bad;
    into.username = *name;
    into.password = *password;
    authority.remove_prefix(at + 1);
  }
  const Result<HostPort> parsed = parse_host_port(authority);
  if (!parsed) return parsed.error();
  if (parsed.value().host.empty()) return bad;
  const int port = parsed.value().port.value_or(scheme == "mqtts" ? 8883 : 1883);
  into.url = fmt::format("{}://{}:{}", scheme, parsed.value().host, port);
  return {};
}

Result<void> check_listen(std::string_view listen) {
  if (listen.empty()) return {};
  const Result<HostPort> parsed = parse_host_port(listen);
  if (!parsed) return parsed.error();
  if (parsed.value().port) return {};
  return Error{ErrorKind::invalid, fmt::format("'{}' has no port; expected HOST:PORT, such as 127.0.0.1:8000",
                                               printable(listen, 80))};
}

}  // namespace sundial::config
