// Who may: tokens and their scopes, the names by which browsers may call, and patience with guessers.
#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/ports/http_server.hpp"
#include "platform/base/result.hpp"
#include "platform/base/time.hpp"

namespace sundial::api {

// Each may do what those before it may.
enum class Scope { open, read, trigger, admin };
std::string_view name_of(Scope scope);

// A token is kept as its digest: comparing digests takes the same time however near a guess is.
struct Token {
  std::string digest;
  Scope scope = Scope::admin;
};

// One a line: `TOKEN [read|trigger|admin]`; blank lines and those that begin with # don't count.
Result<std::vector<Token>> parse_tokens(std::string_view text);
// 128 random bits as text.
Result<std::string> new_token();

struct GateSettings {
  std::vector<Token> tokens{};       // empty: none is asked, which only loopback may have
  std::vector<std::string> hosts{};  // further names by which browsers may call the agent
  std::string device{};              // the device's name
  std::string listen{};              // the address that is listened on
};

// Why a request is not let in.
struct Denial {
  int status = 401;
  std::string message;
  std::optional<Millis> retry_after;
};

class Gate {
 public:
  explicit Gate(GateSettings settings);

  // Host and Origin: a foreign page in a browser within the network must have no effect.
  std::optional<Denial> check_origin(const HttpRequest& request) const;
  // The token, as far as one is asked for.
  std::optional<Denial> check_token(const HttpRequest& request, Scope needed, Elapsed now);
  bool asks_for_tokens() const { return !settings_.tokens.empty(); }

 private:
  std::optional<Scope> scope_of(const HttpRequest& request) const;
  bool may_be_called(std::string_view host, const HttpRequest& request) const;
  std::optional<Denial> note_wrong(const HttpRequest& request, Elapsed now);

  struct Guesser {
    std::deque<Elapsed> wrong;             // the last minute's
    std::list<std::string>::iterator age;  // in by_age_
  };

  GateSettings settings_;
  std::string listen_host_;
  std::map<std::string, Guesser> guessers_;
  std::list<std::string> by_age_;  // who guessed wrong longest ago first
};

// "name" of "name:8000", "::1" of "[::1]:8000".
std::string_view host_of(std::string_view authority);

}  // namespace sundial::api
