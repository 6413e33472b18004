// Bytes in, one whole HTTP/1.1 answer or a refusal out, with a bound on everything.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sundial::temporal {

struct Response {
  int status = 0;
  std::string body;
  std::string date;         // as the header says it; "": there was none
  std::string retry_after;  // likewise
  bool keep_alive = true;   // the connection may carry another request
};

class ResponseReader {
 public:
  enum class State {
    reading,
    complete,
    too_long,
    garbled,  // no HTTP/1.1, or nobody can tell where it ends
  };

  explicit ResponseReader(std::size_t longest_body) : longest_body_(longest_body) {}

  void feed(std::string_view bytes);
  // The other side has closed the connection.
  void ended();

  State state() const { return state_; }
  bool begun() const { return begun_; }
  const Response& response() const { return response_; }
  Response take() { return std::move(response_); }

 private:
  enum class Part { head, body, rest, chunk_size, chunk_data, chunk_end, trailers };

  std::string_view take_head(std::string_view bytes);
  std::string_view take_body(std::string_view bytes);
  std::string_view take_line(std::string_view bytes);
  void read_head();
  bool read_status_line(std::string_view line);
  bool read_field(std::string_view line);
  void begin_body();
  void read_chunk_line(std::string_view line);
  void finish(State state) { state_ = state; }

  const std::size_t longest_body_;
  State state_ = State::reading;
  Part part_ = Part::head;
  Response response_;
  std::string text_;             // the head, or a line beside the chunks, as far as it has come
  std::size_t beside_ = 0;       // bytes of all lines beside the chunks
  std::uint64_t remaining_ = 0;  // of the body, or of the chunk
  bool begun_ = false;
  bool has_length_ = false;
  bool chunked_ = false;
};

}  // namespace sundial::temporal
