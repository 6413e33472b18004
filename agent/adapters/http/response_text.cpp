// Status lines, headers, chunks.
#include "agent/adapters/http/response_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sundial::http {

namespace {

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 421:
      return "Misdirected Request";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "";
  }
}

void append_clean(std::string& text, std::string_view value) {
  std::copy_if(value.begin(), value.end(), std::back_inserter(text),
               [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
}

std::string head_text(const HttpResponse& response, const AnswerForm& form) {
  std::string text = fmt::format("HTTP/1.1 {} {}\r\n", response.status, reason_phrase(response.status));
  for (const auto& [name, value] : response.headers) {
    append_clean(text, name);
    text += ": ";
    append_clean(text, value);
    text += "\r\n";
  }
  if (form.close) {
    text += "Connection: close\r\n";
  } else if (form.http_1_0) {
    text += "Connection: keep-alive\r\n";
  }
  return text;
}

}  // namespace

std::string response_text(const HttpResponse& response, const AnswerForm& form) {
  std::string text = head_text(response, form);
  const bool bodiless = response.status == 204 || response.status == 304;
  if (!bodiless) text += fmt::format("Content-Length: {}\r\n", response.body.size());
  text += "\r\n";
  if (!bodiless && !form.head_only) text += response.body;
  return text;
}

std::string stream_head_text(const HttpResponse& head, const AnswerForm& form) {
  std::string text = head_text(head, form);
  if (!form.http_1_0) text += "Transfer-Encoding: chunked\r\n";
  return text + "\r\n";
}

std::string stream_chunk_text(std::string_view chunk, const AnswerForm& form) {
  if (form.http_1_0 || chunk.empty()) return std::string(chunk);
  return fmt::format("{:x}\r\n{}\r\n", chunk.size(), chunk);
}

std::string stream_end_text(const AnswerForm& form) {
  return form.http_1_0 ? "" : "0\r\n\r\n";
}

}  // namespace sundial::http
