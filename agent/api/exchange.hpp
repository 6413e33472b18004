// One request on its way to its answer: what a handler reads, and how it answers.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/api/errors.hpp"
#include "agent/ports/http_server.hpp"
#include "platform/base/result.hpp"
#include "platform/base/time.hpp"
#include "platform/base/value.hpp"

namespace sundial::api {

using Parameters = std::vector<std::pair<std::string, std::string>>;

// A member of the body of a request: its JSON type, "any" for all of them, and whether it must be there.
struct MemberDoc {
  std::string_view name;
  std::string_view type;
  std::string_view help;
  bool required = false;
};

// The members of a query, decoded ("+" is a blank). invalid: a broken escape, or no UTF-8.
Result<Parameters> parse_query(std::string_view query);

// A JSON object; an empty text is an empty one.
Result<Map> parse_object(std::string_view text);

class Exchange {
 public:
  Exchange(HttpRequest request, std::shared_ptr<HttpReply> reply, std::string id);

  const HttpRequest& request() const { return request_; }
  const std::string& id() const { return id_; }

  // A part of the path that the route names, decoded; "" where the route has none of this name.
  const std::string& argument(std::string_view name) const;
  // A member of the query: the last one, where it is there at all.
  const std::string* query(std::string_view name) const;
  void set_parameters(Parameters arguments, Parameters query);

  // The body as a JSON object; an empty body is an empty one. invalid: no object, or a member that is
  // documented with another type; null stands for a member that is left out.
  Result<Map> json_body() const;
  void set_members(const std::vector<MemberDoc>* members) { members_ = members; }

  // `?limit=`, 1 to 1,000, and `?wait=` and its like; invalid where they are no such thing.
  Result<std::size_t> limit(std::size_t otherwise) const;
  Result<Millis> duration(std::string_view name, Millis otherwise, Millis most) const;
  Result<std::optional<Instant>> time(std::string_view name) const;
  // true or false; a name without a value is true, and one that is not there false.
  Result<bool> flag(std::string_view name) const;

  // A header of the answer, whatever it will be.
  void add_header(std::string name, std::string value);

  void send(int status, const Value& body);
  void send(int status, std::string content_type, std::string body);
  void fail(const Error& error);
  void fail(int status, const std::string& message, Value cause = {}, std::string_view type = {});

  // Answers as a stream; the reply is then the caller's.
  std::shared_ptr<HttpReply> begin_stream(const std::string& content_type);

  // Sees the answer just before it goes out.
  void on_answer(std::function<void(const HttpResponse&)> observer) {
    observers_.push_back(std::move(observer));
  }
  // Called by handlers just before they hand an effect to the agent.
  void begin_effect() const {
    if (on_effect_) on_effect_();
  }
  void on_effect(std::function<void()> observer) { on_effect_ = std::move(observer); }
  // An answer as it was given before.
  void send_again(HttpResponse response);

 private:
  void send(HttpResponse response);

  HttpRequest request_;
  std::shared_ptr<HttpReply> reply_;
  std::string id_;
  Parameters arguments_;
  Parameters query_;
  std::vector<std::pair<std::string, std::string>> headers_;
  std::vector<std::function<void(const HttpResponse&)>> observers_;
  std::function<void()> on_effect_;
  const std::vector<MemberDoc>* members_ = nullptr;
};

using ExchangePtr = std::shared_ptr<Exchange>;

// For answers by callback: a failure is answered at once, a value goes to `then`.
template <typename T, typename Then>
auto answering(const ExchangePtr& exchange, Then then) {
  return [exchange, then = std::move(then)](Result<T> result) mutable {
    if (!result) return exchange->fail(result.error());
    if constexpr (std::is_void_v<T>) {
      then();
    } else {
      then(std::move(*result));
    }
  };
}

}  // namespace sundial::api
