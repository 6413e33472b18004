// Reads request lines and headers by RFC 9112, leaving out all that it merely tolerates.
#include "agent/adapters/http/request_head.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "platform/base/http_syntax.hpp"
#include "platform/base/text.hpp"

namespace sundial::http {

namespace {

Refusal refuse(std::string reason, int status = 400) {
  return {status, std::move(reason)};
}

// "http://host/path" names the host a second time; both must agree.
Refused take_absolute_form(std::string_view& target, RequestHead& head) {
  const std::string_view schemes[] = {"http://", "https://"};
  for (const std::string_view scheme : schemes) {
    if (lower_ascii(target.substr(0, scheme.size())) != scheme) continue;
    const std::string_view rest = target.substr(scheme.size());
    const std::size_t path = rest.find_first_of("/?");
    head.request.headers.emplace_back(":authority", rest.substr(0, path));
    target = path == std::string_view::npos ? "/" : rest.substr(path);
    if (target.front() != '/') return refuse("the request target has no path");
    return {};
  }
  return refuse("the request target is no path");
}

Refused read_target(std::string_view target, RequestHead& head) {
  if (target.find('#') != std::string_view::npos) return refuse("the request target has a fragment");
  if (!is_utf8(target)) return refuse("the request target is not UTF-8");
  if (target == "*") {
    if (head.request.method != "OPTIONS") return refuse("the request target is no path");
    head.request.path = "*";
    return {};
  }
  if (target.front() != '/') {
    if (Refused refused = take_absolute_form(target, head)) return refused;
  }
  const std::size_t question = target.find('?');
  head.request.path = target.substr(0, question);
  if (question != std::string_view::npos) head.request.query = target.substr(question + 1);
  return {};
}

// Headers that mean something once: a second one is an attempt to be read in two ways.
bool must_be_single(std::string_view name) {
  constexpr std::array<std::string_view, 9> names{"host",   "content-length", "transfer-encoding",
                                                  "expect", "authorization",  "content-type",
                                                  "origin", "if-match",       "idempotency-key"};
  return std::find(names.begin(), names.end(), name) != names.end();
}

Refused read_length(const std::string& text, RequestHead& head) {
  head.length = read_http_length(text);
  if (!head.length) return refuse("Content-Length is no number");
  return {};
}

Refused read_framing(RequestHead& head) {
  const std::string* length = head.request.header("content-length");
  const std::string* encoding = head.request.header("transfer-encoding");
  if (length != nullptr && encoding != nullptr) return refuse("both Content-Length and Transfer-Encoding");
  if (length != nullptr) return read_length(*length, head);
  if (encoding == nullptr) return {};
  if (head.http_1_0) return refuse("Transfer-Encoding in HTTP/1.0");
  if (lower_ascii(*encoding) != "chunked") return refuse("only the transfer encoding chunked is known", 501);
  head.chunked = true;
  return {};
}

Refused read_host(RequestHead& head) {
  const std::string* host = head.request.header("host");
  if (host == nullptr && !head.http_1_0) return refuse("no Host header");
  const std::string* authority = head.request.header(":authority");
  if (authority == nullptr) return {};
  if (host == nullptr || lower_ascii(*host) != lower_ascii(*authority)) {
    return refuse("Host and the request target name different hosts");
  }
  std::erase_if(head.request.headers, [](const auto& header) { return header.first == ":authority"; });
  return {};
}

void read_connection(RequestHead& head) {
  head.keep_alive = !head.http_1_0;
  for (const auto& [name, value] : head.request.headers) {
    if (name != "connection") continue;
    for (const std::string_view option : split(value, ',')) {
      const std::string word = lower_ascii(trim(option));
      if (word == "close") head.keep_alive = false;
      if (word == "keep-alive" && head.http_1_0) head.keep_alive = true;
    }
  }
}

}  // namespace

Refused read_request_line(std::string_view line, RequestHead& head) {
  if (has_http_control(line) || line.find('\t') != std::string_view::npos)
    return refuse("control character in the request line");
  const std::vector<std::string_view> parts = split(line, ' ');
  if (parts.size() != 3 || parts[1].empty()) return refuse("the request line is not METHOD TARGET VERSION");
  if (!is_http_token(parts[0]) || parts[0].size() > 32) return refuse("the method is no token");
  if (parts[2].size() != 8 || parts[2].substr(0, 5) != "HTTP/") return refuse("the version is not HTTP/1.1");
  if (parts[2] != "HTTP/1.1" && parts[2] != "HTTP/1.0")
    return refuse("only HTTP/1.1 and HTTP/1.0 are spoken", 505);
  head.http_1_0 = parts[2] == "HTTP/1.0";
  head.request.method = parts[0];
  return read_target(parts[1], head);
}

Refused read_header_line(std::string_view line, RequestHead& head) {
  const HttpField field = read_http_field(line);
  if (field.problem != nullptr) return refuse(field.problem);
  std::string name = lower_ascii(field.name);
  if (must_be_single(name) && head.request.header(name) != nullptr) return refuse("two headers " + name);
  if (head.request.headers.size() >= kMaxHeaders) return refuse("too many headers", 431);
  head.request.headers.emplace_back(std::move(name), field.value);
  return {};
}

Refused finish_head(RequestHead& head) {
  if (Refused refused = read_host(head)) return refused;
  if (Refused refused = read_framing(head)) return refused;
  read_connection(head);
  if (const std::string* expect = head.request.header("expect")) {
    if (lower_ascii(*expect) != "100-continue") return refuse("only Expect: 100-continue is known", 417);
    head.expects_continue = !head.http_1_0;
  }
  return {};
}

}  // namespace sundial::http
