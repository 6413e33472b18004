// Answers that are remembered by their Idempotency-Key, so that a repeated POST has one effect.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/ports/http_server.hpp"
#include "platform/base/time.hpp"

namespace sundial::api {

// For a day, the last 10,000 at most, and no more than kMaxBytes of answers.
class Idempotency {
 public:
  static constexpr std::size_t kMaxKeys = 10'000;
  static constexpr std::size_t kMaxBytes = 8 * 1024 * 1024;
  static constexpr Millis kMemory = std::chrono::hours{24};

  using Repeat = std::function<void(const HttpResponse&)>;
  enum class Meeting {
    first,     // go on; finish() tells what came of it
    repeated,  // `again` was called with the answer, or will be
    other,     // the key came with another request before
  };

  // `request` is what has to be the same: method, path and body.
  Meeting meet(const std::string& key, const std::string& request, Elapsed now, Repeat again);
  // A failure that may pass is forgotten, so that trying again is possible.
  void finish(const std::string& key, const HttpResponse& response);

 private:
  struct Entry {
    std::string request;  // its digest
    Elapsed since;
    std::optional<HttpResponse> response;
    std::vector<Repeat> waiting;
    std::list<std::string>::iterator place;
  };

  void forget_old(Elapsed now);
  void forget(std::map<std::string, Entry>::iterator entry);

  std::map<std::string, Entry> entries_;
  std::list<std::string> by_age_;  // oldest first
  std::size_t bytes_ = 0;
};

}  // namespace sundial::api
