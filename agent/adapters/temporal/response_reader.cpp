// The framing of answers: head, length, chunks, or all until the connection closes.
#include "agent/adapters/temporal/response_reader.hpp"

#include <algorithm>

#include "platform/base/http_syntax.hpp"
#include "platform/base/text.hpp"

namespace sundial::temporal {
namespace {

constexpr std::size_t kLongestHead = 64 * 1024;
constexpr std::size_t kMostBesideChunks = 64 * 1024;  // size lines and trailers
constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kHeadEnd = "\r\n\r\n";

// Almost all names are not asked for: nothing is copied to find that out.
bool is_named(std::string_view name, std::string_view lower) {
  return std::equal(name.begin(), name.end(), lower.begin(), lower.end(), [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  });
}

}  // namespace

void ResponseReader::feed(std::string_view bytes) {
  begun_ = begun_ || !bytes.empty();
  while (state_ == State::reading && !bytes.empty()) {
    switch (part_) {
      case Part::head:
        bytes = take_head(bytes);
        break;
      case Part::body:
      case Part::rest:
      case Part::chunk_data:
        bytes = take_body(bytes);
        break;
      case Part::chunk_size:
      case Part::chunk_end:
      case Part::trailers:
        bytes = take_line(bytes);
        break;
    }
  }
  // Nobody has asked for what comes behind the answer: the next request would get it for its own.
  if (state_ == State::complete && !bytes.empty()) response_.keep_alive = false;
}

void ResponseReader::ended() {
  if (state_ == State::reading) finish(part_ == Part::rest ? State::complete : State::garbled);
}

std::string_view ResponseReader::take_head(std::string_view bytes) {
  const std::size_t known = text_.size();
  text_.append(bytes.substr(0, kLongestHead + 1));
  const std::size_t from = known < kHeadEnd.size() ? 0 : known - kHeadEnd.size();
  const std::size_t end = text_.find(kHeadEnd, from);
  if (end == std::string::npos) {
    // What does not even begin as HTTP must not be waited for: a gRPC port says its settings, and no more.
    constexpr std::string_view kBegin = "HTTP/1.";
    const bool http = text_.compare(0, std::min(text_.size(), kBegin.size()), kBegin, 0,
                                    std::min(text_.size(), kBegin.size())) == 0;
    if (!http || text_.size() > kLongestHead) finish(http ? State::too_long : State::garbled);
    return {};
  }
  const std::size_t used = end + kHeadEnd.size() - known;
  text_.resize(end);
  read_head();
  text_.clear();
  return bytes.substr(used);
}

void ResponseReader::read_head() {
  response_ = {};
  has_length_ = chunked_ = false;
  std::string_view rest = text_;
  for (bool first = true; !rest.empty() || first; first = false) {
    const std::size_t end = std::min(rest.find(kLineEnd), rest.size());
    const std::string_view line = rest.substr(0, end);
    if (!(first ? read_status_line(line) : read_field(line))) return finish(State::garbled);
    rest.remove_prefix(std::min(end + kLineEnd.size(), rest.size()));
  }
  begin_body();
}

bool ResponseReader::read_status_line(std::string_view line) {
  // "HTTP/1.1 200 OK"
  constexpr std::size_t kVersion = 8;
  if (line.size() < kVersion + 4 || line.substr(0, kVersion - 1) != "HTTP/1." || line[kVersion] != ' ')
    return false;
  if (line.size() > kVersion + 4 && line[kVersion + 4] != ' ') return false;
  if (has_http_control(line)) return false;
  const auto status = read_http_length(line.substr(kVersion + 1, 3));
  if (!status || *status < 100 || *status > 599) return false;
  response_.status = static_cast<int>(*status);
  response_.keep_alive = line[kVersion - 1] != '0';
  return true;
}

bool ResponseReader::read_field(std::string_view line) {
  const HttpField field = read_http_field(line);
  if (field.problem != nullptr) return false;
  if (is_named(field.name, "content-length")) {
    const auto length = read_http_length(field.value);
    if (!length || (has_length_ && *length != remaining_)) return false;
    has_length_ = true;
    remaining_ = *length;
  } else if (is_named(field.name, "transfer-encoding")) {
    chunked_ = is_named(field.value, "chunked");
    return chunked_;
  } else if (is_named(field.name, "connection")) {
    for (const std::string_view word : split(field.value, ',')) {
      if (is_named(trim(word), "close")) response_.keep_alive = false;
      if (is_named(trim(word), "keep-alive")) response_.keep_alive = true;
    }
  } else if (is_named(field.name, "date")) {
    response_.date = field.value;
  } else if (is_named(field.name, "retry-after")) {
    response_.retry_after = field.value;
  }
  return true;
}

void ResponseReader::begin_body() {
  if (has_length_ && chunked_) return finish(State::garbled);
  if (response_.status < 200) {
    // 100, 103: the answer itself follows. 101 was not asked for.
    return response_.status == 101 ? finish(State::garbled) : void();
  }
  if (response_.status == 204 || response_.status == 304) return finish(State::complete);
  if (chunked_) {
    part_ = Part::chunk_size;
  } else if (has_length_) {
    part_ = Part::body;
    if (remaining_ > longest_body_) return finish(State::too_long);
    if (remaining_ == 0) return finish(State::complete);
    response_.body.reserve(std::min<std::uint64_t>(remaining_, kLongestHead));
  } else {
    part_ = Part::rest;
    response_.keep_alive = false;
  }
}

std::string_view ResponseReader::take_body(std::string_view bytes) {
  const std::size_t length =
      part_ == Part::rest ? bytes.size()
                          : static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, bytes.size()));
  if (length > longest_body_ - response_.body.size()) {
    finish(State::too_long);
    return {};
  }
  response_.body.append(bytes.substr(0, length));
  if (part_ == Part::rest) return {};
  remaining_ -= length;
  if (remaining_ == 0 && part_ == Part::body) finish(State::complete);
  if (remaining_ == 0 && part_ == Part::chunk_data) part_ = Part::chunk_end;
  return bytes.substr(length);
}

std::string_view ResponseReader::take_line(std::string_view bytes) {
  const std::size_t newline = bytes.find('\n');
  const std::size_t length = newline == std::string_view::npos ? bytes.size() : newline + 1;
  beside_ += length;
  if (beside_ > kMostBesideChunks) {
    finish(State::too_long);
    return {};
  }
  text_.append(bytes.substr(0, length));
  if (newline == std::string_view::npos) return {};
  if (!text_.ends_with(kLineEnd)) {
    finish(State::garbled);
    return {};
  }
  read_chunk_line(std::string_view(text_).substr(0, text_.size() - kLineEnd.size()));
  text_.clear();
  return bytes.substr(length);
}

void ResponseReader::read_chunk_line(std::string_view line) {
  if (part_ == Part::trailers) {
    if (line.empty()) return finish(State::complete);
    if (read_http_field(line).problem != nullptr) finish(State::garbled);
    return;
  }
  if (part_ == Part::chunk_end) {
    if (!line.empty()) return finish(State::garbled);
    part_ = Part::chunk_size;
    return;
  }
  const auto [size, problem] = read_http_chunk(line);
  if (problem != nullptr) return finish(State::garbled);
  if (size > longest_body_ - response_.body.size()) return finish(State::too_long);
  remaining_ = size;
  part_ = size == 0 ? Part::trailers : Part::chunk_data;
}

}  // namespace sundial::temporal
