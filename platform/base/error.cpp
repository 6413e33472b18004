// The table behind ErrorKind.
#include "platform/base/error.hpp"

namespace sundial {

ErrorMeaning meaning_of(ErrorKind kind) {
  // retry?, HTTP status, exit code (sysexits where users know them: 64 usage, 69 unavailable, 78 config)
  switch (kind) {
    case ErrorKind::invalid:
      return {false, 400, 78};
    case ErrorKind::not_found:
      return {false, 404, 2};
    case ErrorKind::already_exists:
      return {false, 409, 1};
    case ErrorKind::conflict:
      return {false, 409, 1};
    case ErrorKind::unauthenticated:
      return {false, 401, 1};
    case ErrorKind::forbidden:
      return {false, 403, 1};
    case ErrorKind::unavailable:
      return {true, 503, 69};
    case ErrorKind::timed_out:
      return {true, 504, 69};
    case ErrorKind::exhausted:
      return {true, 503, 1};
    case ErrorKind::corrupt:
      return {false, 500, 1};
    case ErrorKind::unsupported:
      return {false, 501, 1};
    case ErrorKind::internal:
      return {false, 500, 1};
  }
  return {false, 500, 1};
}

std::string_view name_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::invalid:
      return "invalid";
    case ErrorKind::not_found:
      return "not_found";
    case ErrorKind::already_exists:
      return "already_exists";
    case ErrorKind::conflict:
      return "conflict";
    case ErrorKind::unauthenticated:
      return "unauthenticated";
    case ErrorKind::forbidden:
      return "forbidden";
    case ErrorKind::unavailable:
      return "unavailable";
    case ErrorKind::timed_out:
      return "timed_out";
    case ErrorKind::exhausted:
      return "exhausted";
    case ErrorKind::corrupt:
      return "corrupt";
    case ErrorKind::unsupported:
      return "unsupported";
    case ErrorKind::internal:
      return "internal";
  }
  return "internal";
}

}  // namespace sundial
