// The framing of requests: lines, lengths, chunks.
#include "agent/adapters/http/request_reader.hpp"

#include <algorithm>
#include <utility>

#include "platform/base/http_syntax.hpp"

namespace sundial::http {

namespace {

// Size lines and trailers of one request together: extensions are ignored, not collected.
constexpr std::size_t kMaxChunkLines = 64 * 1024;
constexpr std::size_t kMaxChunkLine = 256;

}  // namespace

std::size_t RequestReader::feed(std::string_view bytes) {
  std::size_t taken = 0;
  while (state_ == State::reading && taken < bytes.size()) taken += step(bytes.substr(taken));
  return taken;
}

std::size_t RequestReader::step(std::string_view bytes) {
  return part_ == Part::body || part_ == Part::chunk_data ? read_body(bytes) : read_line(bytes);
}

std::size_t RequestReader::read_line(std::string_view bytes) {
  const std::size_t newline = bytes.find('\n');
  const std::size_t length = newline == std::string_view::npos ? bytes.size() : newline + 1;
  const bool head = in_head();
  const std::size_t line_limit = head || part_ == Part::trailers ? kMaxLine : kMaxChunkLine;
  std::size_t& total = head ? head_bytes_ : chunk_line_bytes_;
  total += length;
  if (line_.size() + length > line_limit + 2) {
    refuse({part_ == Part::request_line ? 414 : head ? 431 : 400, "a line is too long"});
  } else if (total > (head ? kMaxHead : kMaxChunkLines)) {
    refuse({head ? 431 : 400, head ? "the headers are too long" : "too much beside the chunks"});
  } else {
    line_.append(bytes.substr(0, length));
    if (newline != std::string_view::npos) {
      const std::string line = std::exchange(line_, {});
      take_line(line);
    }
  }
  return length;
}

void RequestReader::take_line(std::string_view line) {
  line.remove_suffix(1);
  if (line.empty() || line.back() != '\r') return refuse({400, "a line ends without a carriage return"});
  line.remove_suffix(1);
  if (line.find('\r') != std::string_view::npos) return refuse({400, "a carriage return within a line"});
  switch (part_) {
    case Part::request_line:
      return take_request_line(line);
    case Part::headers:
      return take_header(line);
    case Part::chunk_size:
      return take_chunk_size(line);
    case Part::chunk_end:
      if (!line.empty()) return refuse({400, "a chunk is longer than its size"});
      part_ = Part::chunk_size;
      return;
    case Part::trailers:
      if (line.empty()) {
        state_ = State::complete;
      } else if (Refused refused = read_header_line(line, trailers_)) {
        refuse(*std::move(refused));
      }
      return;
    case Part::body:
    case Part::chunk_data:
      return;  // are no lines
  }
}

void RequestReader::take_request_line(std::string_view line) {
  if (line.empty() && !blank_line_seen_) {  // one is usual behind the body of an old client
    blank_line_seen_ = true;
    head_bytes_ = 0;
    return;
  }
  if (Refused refused = read_request_line(line, head_)) return refuse(*std::move(refused));
  part_ = Part::headers;
}

void RequestReader::take_header(std::string_view line) {
  Refused refused = line.empty() ? finish_head(head_) : read_header_line(line, head_);
  if (refused) return refuse(*std::move(refused));
  if (line.empty()) begin_body();
}

void RequestReader::begin_body() {
  body_limit_ = limit_(head_.request.path);
  if (head_.length.value_or(0) > body_limit_) return refuse({413, "the body is too long"});
  if (head_.chunked) {
    part_ = Part::chunk_size;
  } else if (head_.length.value_or(0) > 0) {
    part_ = Part::body;
    remaining_ = *head_.length;
  } else {
    state_ = State::complete;
    return;
  }
  continue_wanted_ = head_.expects_continue;
}

void RequestReader::take_chunk_size(std::string_view line) {
  const auto [size, problem] = read_http_chunk(line);
  if (problem != nullptr) return refuse({400, problem});
  if (size == 0) {
    part_ = Part::trailers;
    return;
  }
  if (size > body_limit_ - head_.request.body.size()) return refuse({413, "the body is too long"});
  remaining_ = size;
  part_ = Part::chunk_data;
}

std::size_t RequestReader::read_body(std::string_view bytes) {
  const std::size_t length = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, bytes.size()));
  head_.request.body.append(bytes.substr(0, length));
  remaining_ -= length;
  continue_wanted_ = false;
  if (remaining_ == 0) {
    if (part_ == Part::body) {
      state_ = State::complete;
    } else {
      part_ = Part::chunk_end;
    }
  }
  return length;
}

void RequestReader::refuse(Refusal refusal) {
  state_ = State::refused;
  refusal_ = std::move(refusal);
  head_ = {};
  line_ = {};
}

bool RequestReader::take_continue() {
  return state_ == State::reading && std::exchange(continue_wanted_, false);
}

RequestHead RequestReader::take() {
  RequestHead head = std::exchange(head_, {});
  state_ = State::reading;
  part_ = Part::request_line;
  trailers_ = {};
  head_bytes_ = 0;
  chunk_line_bytes_ = 0;
  continue_wanted_ = false;
  blank_line_seen_ = false;
  return head;
}

}  // namespace sundial::http
