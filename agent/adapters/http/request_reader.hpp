// Bytes in, whole requests or a refusal out: HTTP/1.1 framing with a bound on everything.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "agent/adapters/http/request_head.hpp"

namespace sundial::http {

inline constexpr std::size_t kMaxHead = 32 * 1024;

// How long the body of a request to this path may be.
using BodyLimit = std::function<std::size_t(std::string_view path)>;

// Keeps at most one request: what comes behind its last byte is left to the caller. Whatever is fed,
// its memory stays below kMaxHead plus the body limit.
class RequestReader {
 public:
  enum class State { reading, complete, refused };

  explicit RequestReader(const BodyLimit& limit) : limit_(limit) {}

  // Takes bytes up to the end of the request; says how many. Takes none unless `reading`.
  std::size_t feed(std::string_view bytes);

  State state() const { return state_; }
  // A first byte of the next request has come, so that its deadline runs.
  bool started() const { return head_bytes_ > 0; }
  const Refusal& refusal() const { return refusal_; }
  // True once a request, when its sender waits for "100 Continue" before sending the body.
  bool take_continue();
  // The complete request; the reader begins with the next one.
  RequestHead take();

 private:
  enum class Part { request_line, headers, body, chunk_size, chunk_data, chunk_end, trailers };

  // One step over the front of `bytes`: how many it took.
  std::size_t step(std::string_view bytes);
  std::size_t read_line(std::string_view bytes);
  std::size_t read_body(std::string_view bytes);
  void take_line(std::string_view line);
  void take_request_line(std::string_view line);
  void take_header(std::string_view line);
  void begin_body();
  void take_chunk_size(std::string_view line);
  void refuse(Refusal refusal);
  bool in_head() const { return part_ == Part::request_line || part_ == Part::headers; }

  const BodyLimit& limit_;
  State state_ = State::reading;
  Part part_ = Part::request_line;
  RequestHead head_;
  RequestHead trailers_;
  std::string line_;
  std::size_t head_bytes_ = 0;
  std::size_t chunk_line_bytes_ = 0;
  std::uint64_t remaining_ = 0;  // of the body, or of the chunk
  std::size_t body_limit_ = 0;
  bool continue_wanted_ = false;
  bool blank_line_seen_ = false;
  Refusal refusal_;
};

}  // namespace sundial::http
