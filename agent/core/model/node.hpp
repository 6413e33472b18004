// Node: a value of the configuration together with the place where it stands.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "platform/base/time.hpp"
#include "platform/base/value.hpp"

namespace sundial::model {

// A file's name, which all places in the file share.
class FileName {
 public:
  FileName() = default;
  FileName(std::string name) : name_(std::make_shared<const std::string>(std::move(name))) {}  // NOLINT
  FileName(const char* name) : FileName(std::string(name)) {}                                  // NOLINT

  const std::string& text() const {
    static const std::string none;
    return name_ ? *name_ : none;
  }
  friend bool operator==(const FileName& left, const FileName& right) {
    return left.name_ == right.name_ || left.text() == right.text();
  }
  friend bool operator<(const FileName& left, const FileName& right) {
    return left.name_ != right.name_ && left.text() < right.text();
  }

 private:
  std::shared_ptr<const std::string> name_;
};

// Where something stands. Line and column count from 1, in code points; line 0: not in a file (the
// body of a request, the command line), and then only `file` is shown.
struct Position {
  FileName file;
  int line = 0;
  int column = 0;
};

struct Problem {
  Position at;
  std::string where;  // "[rule.overheat] when"
  std::string what;   // what is wrong, and what would be right
};

// "FILE:LINE:COLUMN: [rule.overheat] when: what"
std::string format_problem(const Problem& problem);

struct Node;
using Array = std::vector<Node>;
struct Entry;
using Table = std::vector<Entry>;  // in the order of the source

struct Node {
  // Null comes from the body of a request only: TOML has none.
  std::variant<std::string, std::int64_t, double, bool, Instant, Array, Table, Null> data;
  Position at;

  const Node* find(std::string_view key) const;  // a member, where this is a table that has it
};

struct Entry {
  std::string key;
  Position key_at;
  Node value;
};

// A node that nobody changes any more: its copies share it. A configuration is copied, and may hold
// thousands of tables.
class SharedNode {
 public:
  SharedNode() : SharedNode(Node()) {}
  SharedNode(Node node) : node_(std::make_shared<const Node>(std::move(node))) {}  // NOLINT: nodes convert

  const Node& operator*() const { return *node_; }
  const Node* operator->() const { return node_.get(); }

 private:
  std::shared_ptr<const Node> node_;
};

// A text with its place: an expression, a template, a topic.
struct Text {
  std::string text;
  Position at;
};

}  // namespace sundial::model
