// Answers that are remembered by their Idempotency-Key, so that a repeated POST has one effect.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/ports/http_server.hpp"
#include "platform/base/time.hpp"
#include "platform/base/value.hpp"

namespace sundial::api {

// For a day, the last 10,000 at most, and no more than kMaxBytes of answers; also over a restart.
class Idempotency {
 public:
  static constexpr std::size_t kMaxKeys = 10'000;
  static constexpr std::size_t kMaxBytes = 8 * 1024 * 1024;
  static constexpr std::size_t kMaxKeptAnswer =
      16 * 1024;  // of a longer one the effect is kept, not the text
  static constexpr Millis kMemory = std::chrono::hours{24};
  static constexpr std::string_view kPrefix = "answer/";  // of the names under which entries are kept

  // Writes a named value with the next transaction, or with the effect that is handed in next; none:
  // takes it away.
  using Keep = std::function<void(const std::string& name, std::optional<std::string> value)>;
  using Kept = std::vector<std::pair<std::string, std::string>>;

  // What an earlier process kept is known again; of what it kept without an answer, the effect is in
  // the outbox or the state.
  Idempotency(Keep keep, Keep keep_with_effect, const Kept& kept, Instant now);

  using Repeat = std::function<void(const HttpResponse&)>;
  enum class Meeting {
    first,     // go on; finish() tells what came of it
    repeated,  // `again` was called with the answer, or will be
    other,     // the key came with another request before
  };

  // `request` is what has to be the same: method, path and body.
  Meeting meet(const std::string& key, const std::string& request, Instant now, Repeat again);
  // The effect is handed over now: the key is on disk with it or not at all.
  void note_effect(const std::string& key);
  // A failure that may pass is forgotten, so that trying again is possible.
  void finish(const std::string& key, const HttpResponse& response);

 private:
  struct Entry {
    std::string request;  // its digest, in hexadecimal
    Instant since;
    std::optional<HttpResponse> response;
    std::vector<Repeat> waiting;
    std::list<std::string>::iterator place;
  };
  using Entries = std::map<std::string, Entry>;  // by the key's digest

  Map document_of(const Entry& entry) const;
  void restore(const std::string& name, const std::string& text, Instant now);
  void forget_old(Instant now);
  void forget(Entries::iterator entry);

  Keep keep_;
  Keep keep_with_effect_;
  Entries entries_;
  std::list<std::string> by_age_;  // oldest first
  std::size_t bytes_ = 0;
};

}  // namespace sundial::api
