// What all verbs that talk to the running agent share: flags, the connection, and how answers are shown.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/cli/output_flags.hpp"
#include "agent/cli/verb.hpp"
#include "platform/base/value.hpp"

namespace sundial::cli {

struct SessionOptions {
  RunOptions run;
  std::string server;
  std::string token_file;
  OutputOptions output;
};

// Adds --server, --token-file, --config, --env-file, --output, --json and --no-color.
void add_session_flags(CLI::App& verb, SessionOptions& options);

// A column of a table: its heading, and how a cell is made of an item.
struct Column {
  std::string heading;
  std::function<std::string(const Value& item)> cell;
};

// The text of a member, by its path "outbox.entries"; "" where it is not there.
std::string text_at(const Value& document, std::string_view path);
// A count by its path; 0 where it is not there.
std::uint64_t number_at(const Value& document, std::string_view path);
Column column(std::string heading, std::string path);
// A time as "in 5m" or "3m ago".
Column time_column(const World& world, std::string heading, std::string path);
std::string relative_time(Instant now, std::string_view rfc3339);

class Session {
 public:
  Session(World& world, const SessionOptions& options);

  // False: it said why, and the verb ends with exit_code().
  bool connect();
  int exit_code() const { return exit_code_; }

  // The JSON of a good answer; else it says what was wrong and sets the exit code.
  // `refused` is the exit code where the agent finds the body wrong.
  std::optional<Value> call(const std::string& method, const std::string& target, const Value& body = {},
                            int refused = kExitFailed);
  // All items of a list, page by page, `most` at the most.
  std::optional<List> items(const std::string& target, std::size_t most);
  bool follow(const std::string& target, const std::function<bool(std::string_view data)>& heard);

  // Red where it goes to a terminal with colours.
  std::string alarming(const std::string& text) const;
  bool wants_text() const { return options_.output.text(); }
  // A list as a table, as JSON, or as a line an item.
  int show(const List& items, const std::vector<Column>& columns);
  // A document as names and values, or as JSON.
  int show(const Value& document);
  // `text` where people read it, else the document.
  int done(const Value& document, const std::string& text);
  World& world() { return world_; }

 private:
  std::optional<AgentAddress> address();
  std::optional<std::string> token(const model::Configuration& configuration);
  bool read_token(const std::string& file, std::string& token);
  void fail(const AgentReply& reply, int refused = kExitFailed);
  void fail(int code, const std::string& message);

  World& world_;
  const SessionOptions& options_;
  std::unique_ptr<AgentClient> client_;
  int exit_code_ = kExitDone;
};

// Runs `action` with a connected session; the verb's exit code.
int with_session(World& world, const SessionOptions& options, const std::function<int(Session&)>& action);

}  // namespace sundial::cli
