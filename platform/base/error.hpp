// The closed set of ways in which something fails, and the one table that says what each means.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace sundial {

enum class ErrorKind {
  invalid,  // what was asked can't be right, whoever asks again
  not_found,
  already_exists,
  conflict,  // the present state forbids it
  unauthenticated,
  forbidden,
  unavailable,  // may work later
  timed_out,    // the outcome is unknown
  exhausted,    // a bound of ours or theirs is reached
  corrupt,      // bytes on disk are not what was written
  unsupported,
  internal,
};

class Error {
 public:
  Error(ErrorKind kind, std::string message) : kind_(kind), message_(std::move(message)) {}

  ErrorKind kind() const { return kind_; }
  const std::string& message() const { return message_; }

  // The same error, said by the caller that knows what was being done: "context: message".
  Error within(std::string_view context) const { return {kind_, std::string(context) + ": " + message_}; }

 private:
  ErrorKind kind_;
  std::string message_;
};

// What each kind means to those who must react. One table, so that the command line, the HTTP
// surface and the retry policy can't disagree.
struct ErrorMeaning {
  bool worth_retrying;
  int http_status;
  int exit_code;
};

ErrorMeaning meaning_of(ErrorKind kind);
std::string_view name_of(ErrorKind kind);

}  // namespace sundial
