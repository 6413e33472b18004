// Answers as the bytes that go over the wire.
#pragma once

#include <string>
#include <string_view>

#include "agent/ports/http_server.hpp"

namespace sundial::http {

struct AnswerForm {
  bool head_only = false;  // HEAD: the headers of the answer to GET, and nothing after them
  bool http_1_0 = false;
  bool close = false;
};

// The whole answer with its length. Characters that would begin another header are left out.
std::string response_text(const HttpResponse& response, const AnswerForm& form);

// The head of a stream: chunked, or in HTTP/1.0 until the connection closes.
std::string stream_head_text(const HttpResponse& head, const AnswerForm& form);
std::string stream_chunk_text(std::string_view chunk, const AnswerForm& form);
std::string stream_end_text(const AnswerForm& form);

}  // namespace sundial::http
